import {
  createLeaseBook,
  createRefusalReport,
  type AdapterHost,
  type AuthenticatedDevice,
  type LeaseSettings,
  type RefusalReason,
  type Listener,
} from '@rollcall/adapter-kit';
import {
  createCoapEndpoint,
  defaultTransmissionTiming,
  transmitWaitMs,
  uriQuery,
  type CoapEndpoint,
} from '@rollcall/coap';
import { deviceKey } from '@rollcall/core';
import {
  createDtlsServer,
  type CloseReason,
  type DtlsServer,
  type Peer,
  type ServerCertificate,
} from '@rollcall/dtls';
import { ackAfterMs } from './ack-timing.ts';
import { answerProblem } from './answers.ts';
import { createAssociationProofs } from './association-proofs.ts';
import { createAssociations, type DeviceAssociation } from './associations.ts';
import { asksFor } from './device-request.ts';
import type { DatagramCounters } from './datagram-counters.ts';
import { registerDtlsMetrics } from './dtls-metrics.ts';
import { tellOfRefusals } from './dtls-refusals.ts';
import type { Endpoint } from './endpoint.ts';
import { followAddress, pathOf } from './follow-address.ts';
import { coapLimits } from './limits.ts';
import { createDeviceService } from './serve-device.ts';
import { followServerCertificate } from './server-certificate.ts';
import { coapLease, type CoapState } from './tracker.ts';
import { bindUdp } from './udp-socket.ts';

export interface SecureListener extends Listener {
  /** For devices with certificates; others have pre-shared keys. */
  readonly certificate?: ServerCertificate;
  /** Where it is from: it may be replaced there. */
  readonly files?: { readonly key: string; readonly cert: string };
}

export interface SecureEndpointOptions {
  readonly maxPayloadBytes: number;
  /** Silence after which an association is forgotten, and its device must make a new one. */
  readonly associationIdleMs: number;
  readonly connectionIdBytes: number;
  readonly handshakeRetransmitMs: number;
  /** See `ackAfterMs`. */
  readonly ackAfterMs: number;
  /** Until a confirmable message is sent again for the first time (RFC 7252 §4.8). */
  readonly ackTimeoutMs: number;
  readonly lease: LeaseSettings;
  readonly endLeasesAtShutdown: boolean;
  /** Whether devices are probed of which the registry says nothing. */
  readonly probe: boolean;
  /** Beyond it the device that has most loses one. */
  readonly maxAssociations: number;
  /** Where the registry says nothing; beyond it the one silent longest gives way. 0: any number. */
  readonly maxAssociationsPerDevice: number;
  /** Sessions that may be resumed, of all devices; 0: none. */
  readonly maxSessions: number;
  /** Handshakes under way, in all and from one address; behind a NAT many devices have one. */
  readonly maxHandshakes: number;
  readonly maxHandshakesPerAddress: number;
}

/** CoAP over DTLS: devices that prove who they are, and the leases that they hold. */
export async function openSecureEndpoint(
  listener: SecureListener,
  options: SecureEndpointOptions,
  host: AdapterHost,
  counters: DatagramCounters,
): Promise<Endpoint> {
  const { clock, random, log } = host.context;
  const timing = { ...defaultTransmissionTiming, ackTimeoutMs: options.ackTimeoutMs };
  const associations = createAssociations();
  const proofs = createAssociationProofs({ log, holdProof: host.access.holdProof });
  const refusals = createRefusalReport(host.context, 'coaps');
  const stopping = new AbortController();
  /** Of associations whose device waits for a command. */
  const ends = new WeakMap<DeviceAssociation, AbortController>();
  /** Closed by their devices. */
  const left = new WeakSet<DeviceAssociation>();
  /** Whom peers said to be, that had not proved it yet. */
  const identities = new WeakMap<Peer, string>();
  /** Whether the datagram that is being received was a request. */
  let isRequest = false;

  const leases = createLeaseBook(host, coapLease, options.endLeasesAtShutdown, {
    stepped(holder, before: CoapState, after) {
      // Not in the midst of the step: a device that cannot be reached would be reported at once.
      if (after.phase === 'probing' && before.phase !== 'probing')
        queueMicrotask(() => void probe(holder).catch(probeFailed));
    },
    ended(holder, { reason }) {
      if (reason !== 'access-revoked') return;
      for (const association of associations.of(holder)) association.abort('accessDenied');
    },
  });

  const service = createDeviceService({
    host,
    leases,
    lease: options.lease,
    probe: options.probe,
    probeMs: transmitWaitMs(timing),
    endOf: (association) => AbortSignal.any([stopping.signal, endOf(association).signal]),
    closedMeanwhile(association, lease) {
      if (left.has(association))
        lease.report({
          type: 'association-closed',
          last: associations.latest(association.principal) === undefined,
        });
    },
  });

  const coap: CoapEndpoint<DeviceAssociation> = createCoapEndpoint({
    clock,
    random,
    limits: coapLimits(options.maxPayloadBytes),
    timing,
    ackAfterMs: options.ackAfterMs,
    send: (datagram, association) => association.send(datagram),
    isVerified: () => true,
    handle(request) {
      isRequest = true;
      if (stopping.signal.aborted) return answerProblem({ status: 503, text: 'the adapter stops' });
      const { tenant } = request.peer.principal;
      const answer = service.serve(request);
      const wanted = ackAfterMs(tenant, options.ackAfterMs, () => asksFor(uriQuery(request), 'piggy'));
      if (wanted !== options.ackAfterMs) coap.ackAfter(request, wanted);
      return answer;
    },
    onUnhandled(association) {
      isRequest = true;
      if (!stopping.signal.aborted)
        service.refused(association).catch((error: unknown) => host.context.failed('coaps: request', error));
    },
    onRefused: ({ peer }, cause) => refusals.refused(cause, peer.address),
    onHandlerError: (error) => host.context.failed('coaps: request', error),
    onError: (error) => host.context.failed('coaps', error),
  });

  const dtls: DtlsServer = createDtlsServer<AuthenticatedDevice>({
    clock,
    randomBytes: (count) => random.bytes(count),
    send: (datagram, peer) => socket.send(datagram, peer),
    principalKey: ({ device }) => deviceKey(device),
    isSharedAddress: (address) => host.access.isShared(address),
    maxAssociationsOf: ({ maxConnectionsPerDevice }) => maxConnectionsPerDevice,
    connectionIdBytes: options.connectionIdBytes,
    idleTimeoutMs: options.associationIdleMs,
    retransmitMs: options.handshakeRetransmitMs,
    limits: {
      maxAssociations: options.maxAssociations,
      maxAssociationsPerPrincipal: options.maxAssociationsPerDevice,
      maxSessions: options.maxSessions,
      maxPendingHandshakes: options.maxHandshakes,
      maxPendingPerAddress: options.maxHandshakesPerAddress,
    },
    async findPsk(named, peer) {
      if (stopping.signal.aborted) throw new Error('the adapter stops');
      const identity = named.toString();
      identities.set(peer, identity);
      const found = await host.access.findPsk({ identity, remoteIp: peer.address });
      if (found.status === 'refused') {
        const { reason, text } = found.refusal;
        if (isTemporary(reason)) throw new Error(text);
        return undefined;
      }
      return found.candidates.map(({ key, identity: principal }) => ({ secret: key, principal }));
    },
    ...(listener.certificate && {
      certificate: followServerCertificate(listener.certificate, listener.files, host.context),
      async verifyCertificate([certificate], { address }) {
        if (stopping.signal.aborted) throw new Error('the adapter stops');
        if (!certificate) return undefined;
        const result = await host.access.authenticate({ certificate, remoteIp: address });
        if (result.status === 'accepted') return result.identity;
        const { reason, text } = result.refusal;
        if (isTemporary(reason)) throw new Error(text);
        return undefined;
      },
    }),
    async mayResume(device) {
      const result = await host.access.reauthorize(device);
      if (result.status === 'refused' && isTemporary(result.refusal.reason))
        throw new Error(result.refusal.text);
      return result.status === 'accepted';
    },
    onOpen(association) {
      host.access.proved(association.principal);
      associations.opened(association);
      proofs.opened(association);
    },
    onCandidatePeer: (association, candidate) => followAddress(coap, association, candidate),
    onMessage(association, plaintext, from) {
      if (!proofs.counts(association)) return;
      associations.heard(association);
      isRequest = false;
      coap.receive(plaintext, association, pathOf(association, from));
      if (!isRequest) leases.held(association.principal)?.report({ type: 'heard' });
    },
    onClose: closed,
    onError: (error) => host.context.failed('coaps: dtls', error),
    ...tellOfRefusals({ log, refused: host.access.refused }, refusals, (peer) => identities.get(peer)),
  });

  registerDtlsMetrics(host.context, dtls);

  const probeFailed = (error: unknown): void => host.context.failed('coaps: probe', error);

  function endOf(association: DeviceAssociation): AbortController {
    let end = ends.get(association);
    if (!end) ends.set(association, (end = new AbortController()));
    if (!association.isOpen) end.abort();
    return end;
  }

  function closed(association: DeviceAssociation, reason: CloseReason): void {
    const last = associations.closed(association);
    proofs.closed(association);
    coap.forget(association);
    ends.get(association)?.abort();
    if (reason === 'displaced') refusals.refused(reason, association.peer.address);
    if (reason !== 'close-notify') return;
    left.add(association);
    leases.held(association.principal)?.report({ type: 'association-closed', last });
  }

  /** Asks a device whether it is there; an answer is something that was heard, and needs no report of its own. */
  async function probe(holder: AuthenticatedDevice): Promise<void> {
    const association = associations.latest(holder);
    const canBeReached = association !== undefined && !association.isDetached;
    const isThere = canBeReached && (await coap.ping(association));
    // It may have come anew meanwhile, and is asked there.
    if (isThere || associations.latest(holder) !== association) return;
    const outcome = canBeReached ? 'unanswered' : 'unreachable';
    leases.held(holder)?.report({ type: 'probe-ended', outcome });
  }

  const socket = await bindUdp('coaps', listener, host.context, counters, (datagram, peer) =>
    dtls.receive(datagram, peer),
  );

  return {
    listening: socket.listening,
    get statistics() {
      return coap.statistics();
    },
    stopAccepting: () => stopping.abort(),
    close() {
      refusals.stop();
      dtls.close();
      coap.close();
      socket.close();
    },
  };
}

/** Nobody has looked: the handshake stays silent, and the device's next try may find an answer. */
function isTemporary(reason: RefusalReason): boolean {
  return reason === 'unavailable' || reason === 'busy' || reason === 'throttled';
}
