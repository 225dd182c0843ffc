import { createRefusalReport, type AuthenticatedDevice, type RefusalReport } from '@rollcall/access';
import type { AdapterHost } from '@rollcall/adapter-kit';
import { createLeaseBook, type LeaseBook } from '@rollcall/presence/leases';
import {
  createCoapEndpoint,
  defaultTransmissionTiming,
  transmitWaitMs,
  type CoapEndpoint,
  type CoapRequest,
  type CoapResponse,
  type CoapStatistics,
  type TransmissionTiming,
} from '@rollcall/coap';
import { uriQuery } from '@rollcall/coap/options';
import { createDtlsServer, type CloseReason, type DtlsServer, type Peer } from '@rollcall/dtls';
import { ackAfterMs } from './ack-timing.ts';
import { createAssociationEnds, type AssociationEnds } from './association-ends.ts';
import { createAssociationProofs, type AssociationProofs } from './association-proofs.ts';
import { createAssociations, type DeviceAssociation } from './associations.ts';
import { createCredentials } from './credentials.ts';
import { DatagramQueue } from './datagram-queue.ts';
import { answerProblem } from './device-answers.ts';
import { asksFor } from './device-request.ts';
import { registerDtlsMetrics } from './dtls-metrics.ts';
import { tellOfRefusals } from './dtls-refusals.ts';
import { dtlsSettings } from './dtls-settings.ts';
import { followAddress, pathOf } from './follow-address.ts';
import { coapLimits } from './limits.ts';
import type { SecureEndpointOptions, SecureListener } from './secure-endpoint-options.ts';
import { DeviceService } from './serve-device.ts';
import { followServerCertificate } from './server-certificate.ts';
import { coapLease, type CoapSignal } from './tracker.ts';

/**
 * Devices that prove their identity, and the leases that they hold. A datagram goes to `#dtls`, its plaintext to `#coap`, and a
 * request to `#service`. The device is present by its lease; its associations come and go.
 */
export class SecureDevices {
  readonly #options: SecureEndpointOptions;
  readonly #host: AdapterHost;
  readonly #stopping = new AbortController();
  readonly #associations = createAssociations();
  readonly #ends: AssociationEnds = createAssociationEnds(this.#stopping.signal);
  readonly #proofs: AssociationProofs;
  readonly #queue: DatagramQueue;
  readonly #refusals: RefusalReport;
  readonly #leases: LeaseBook<CoapSignal>;
  readonly #service: DeviceService;
  readonly #coap: CoapEndpoint<DeviceAssociation>;
  readonly #dtls: DtlsServer<AuthenticatedDevice>;

  constructor(
    listener: SecureListener,
    options: SecureEndpointOptions,
    host: AdapterHost,
    send: (datagram: Buffer, peer: Peer) => void,
  ) {
    const timing = { ...defaultTransmissionTiming, ackTimeoutMs: options.ackTimeoutMs };
    this.#options = options;
    this.#host = host;
    this.#proofs = createAssociationProofs({ log: host.context.log, holdProof: host.access.holdProof });
    this.#queue = new DatagramQueue(host.context.clock);
    this.#refusals = createRefusalReport(host.context, 'coaps');
    this.#leases = this.#openLeases();
    this.#service = new DeviceService({
      host,
      leases: this.#leases,
      arrival: () => this.#queue.arrival(),
      lease: options.lease,
      probe: options.probe,
      probeMs: transmitWaitMs(timing),
      endOf: (association) => this.#ends.signalOf(association),
      closedMeanwhile: (association, lease) => {
        const arrival = this.#ends.goodbyeOf(association);
        if (!arrival) return;
        const last = this.#associations.latest(association.principal) === undefined;
        lease.report({ type: 'association-closed', last, ...arrival });
      },
    });
    this.#coap = this.#createCoap(timing);
    this.#dtls = this.#createDtls(listener, send);
    registerDtlsMetrics(host.context, this.#dtls);
  }

  get statistics(): CoapStatistics {
    return this.#coap.statistics();
  }

  /** A datagram was read. It may be dropped: then `receive` does not get it. */
  read(): void {
    this.#queue.read();
  }

  receive(datagram: Buffer, peer: Peer): void {
    this.#dtls.receive(datagram, peer);
  }

  stopAccepting(): void {
    this.#stopping.abort();
  }

  close(): void {
    this.#refusals.stop();
    this.#dtls.close();
    this.#coap.close();
  }

  #openLeases(): LeaseBook<CoapSignal> {
    return createLeaseBook(this.#host, coapLease, this.#options.endLeasesAtShutdown, {
      stepped: (holder, before, after) => {
        // After the step, not during it: a device that cannot be reached would be reported at once.
        if (after.phase === 'probing' && before.phase !== 'probing')
          queueMicrotask(
            () => void this.#probe(holder).catch((error: unknown) => this.#failed('probe', error)),
          );
      },
      ended: (holder, { reason }) => {
        if (reason !== 'access-revoked') return;
        for (const association of this.#associations.of(holder)) association.abort('accessDenied');
      },
    });
  }

  #createCoap(timing: TransmissionTiming): CoapEndpoint<DeviceAssociation> {
    const { clock, random } = this.#host.context;
    return createCoapEndpoint({
      clock,
      random,
      limits: coapLimits(this.#options.maxPayloadBytes),
      timing,
      ackAfterMs: this.#options.ackAfterMs,
      send: (datagram, association) => association.send(datagram),
      isVerified: () => true,
      handle: (request) => this.#handle(request),
      onUnhandled: (association) => this.#unhandled(association),
      onRefused: ({ peer }, cause) => this.#refusals.refused(cause, peer.address),
      onHandlerError: (error) => this.#failed('request', error),
      onError: (error) => this.#host.context.failed('coaps', error),
    });
  }

  #createDtls(
    listener: SecureListener,
    send: (datagram: Buffer, peer: Peer) => void,
  ): DtlsServer<AuthenticatedDevice> {
    const { context, access } = this.#host;
    const credentials = createCredentials(access, this.#stopping.signal);
    const { findPsk, verifyCertificate, mayResume, claimedBy } = credentials;
    return createDtlsServer<AuthenticatedDevice>({
      ...dtlsSettings(this.#options, context, access),
      send,
      findPsk,
      mayResume,
      ...(listener.certificate && {
        certificate: followServerCertificate(listener.certificate, listener.files, context),
        verifyCertificate,
      }),
      onOpen: (association) => this.#opened(association),
      onCandidatePeer: (association, candidate) => followAddress(this.#coap, association, candidate),
      onMessage: (association, plaintext, from) => this.#heard(association, plaintext, from),
      onSign: (association) => this.#sawSign(association),
      onClose: (association, reason) => this.#closed(association, reason),
      onError: (error) => this.#failed('dtls', error),
      ...tellOfRefusals({ log: context.log, refused: access.refused }, this.#refusals, claimedBy),
    });
  }

  #opened(association: DeviceAssociation): void {
    this.#host.access.proved(association.principal);
    this.#associations.opened(association);
    this.#proofs.opened(association);
    // A handshake grants no lease, but its device is there.
    this.#sawSign(association);
  }

  /** A record came that brings no message. */
  #sawSign(association: DeviceAssociation): void {
    if (!this.#proofs.counts(association)) return;
    this.#associations.heard(association);
    this.#tellHeard(association);
  }

  #heard(association: DeviceAssociation, plaintext: Buffer, from: Peer): void {
    if (!this.#proofs.counts(association)) return;
    this.#associations.heard(association);
    const what = this.#coap.receive(plaintext, association, pathOf(association, from));
    // A request reports itself, with what it asks for.
    if (what !== 'request') this.#tellHeard(association);
  }

  #tellHeard({ principal }: DeviceAssociation): void {
    const probe = this.#service.probeOf(principal);
    this.#leases.held(principal)?.report({ type: 'heard', ...this.#queue.arrival(), ...probe });
  }

  #closed(association: DeviceAssociation, reason: CloseReason): void {
    const last = this.#associations.closed(association);
    this.#proofs.closed(association);
    this.#coap.forget(association);
    const arrival = this.#queue.arrival();
    this.#ends.closed(association, reason, arrival);
    if (reason === 'displaced') this.#refusals.refused(reason, association.peer.address);
    if (reason !== 'close-notify') return;
    this.#leases.held(association.principal)?.report({ type: 'association-closed', last, ...arrival });
  }

  #handle(request: CoapRequest<DeviceAssociation>): CoapResponse | Promise<CoapResponse> {
    if (this.#stopping.signal.aborted) return answerProblem({ status: 503, text: 'the adapter stops' });
    const { tenant } = request.peer.principal;
    const answer = this.#service.serve(request);
    const usual = this.#options.ackAfterMs;
    const wanted = ackAfterMs(tenant, this.#host.context.identity.type, usual, () =>
      asksFor(uriQuery(request), 'piggy'),
    );
    if (wanted !== usual) this.#coap.ackAfter(request, wanted);
    return answer;
  }

  #unhandled(association: DeviceAssociation): void {
    if (this.#stopping.signal.aborted) return;
    this.#service.refused(association).catch((error: unknown) => this.#failed('request', error));
  }

  /** Probes a device. Its answer is reported as `heard`, like any other message. */
  async #probe(holder: AuthenticatedDevice): Promise<void> {
    const association = this.#associations.latest(holder);
    const canBeReached = association !== undefined && !association.isDetached;
    const isThere = canBeReached && (await this.#coap.ping(association));
    // A device that has made a new association meanwhile is present.
    if (isThere || this.#associations.latest(holder) !== association) return;
    const outcome = canBeReached ? 'unanswered' : 'unreachable';
    this.#leases.held(holder)?.report({ type: 'probe-ended', outcome });
  }

  #failed(what: 'request' | 'dtls' | 'probe', error: unknown): void {
    this.#host.context.failed(`coaps: ${what}`, error);
  }
}
