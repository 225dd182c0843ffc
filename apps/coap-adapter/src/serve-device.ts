import type { AuthenticatedDevice, Refusal } from '@rollcall/access';
import type { AdapterHost } from '@rollcall/adapter-kit';
import { peerAddress } from '@rollcall/adapter-kit/listening';
import type { OpenConnection } from '@rollcall/presence';
import {
  requestUnderWay,
  type Arrival,
  type LeaseBook,
  type LeaseSettings,
  type LeaseTerms,
} from '@rollcall/presence/leases';
import { timeTillDisconnect } from '@rollcall/uplink';
import type { CoapRequest, CoapResponse } from '@rollcall/coap';
import { sleep } from '@rollcall/core/environment';
import type { DeviceAssociation } from './associations.ts';
import { answerProblem, answerRefusal, changed, resources } from './device-answers.ts';
import { isDiscovery, isForAnother, readHead, type Asked, type RequestHead } from './device-request.ts';
import { headOf } from './request-head.ts';
import { asksForTime, withTime } from './server-time.ts';
import type { CoapSignal } from './tracker.ts';

export interface DeviceContext {
  readonly host: AdapterHost;
  readonly leases: LeaseBook<CoapSignal>;
  readonly lease: LeaseSettings;
  /** When what is read now can have arrived. */
  arrival(): Arrival;
  /** How long a probe takes at most. */
  readonly probeMs: number;
  /** Whether to probe a device for which the registry does not decide it. */
  readonly probe: boolean;
  /** Aborts when an association is closed, or the adapter stops: the device waits for no command any more. */
  endOf(association: DeviceAssociation): AbortSignal;
  /** Reports to a lease that was just obtained if the device has closed its association meanwhile. */
  closedMeanwhile(association: DeviceAssociation, lease: OpenConnection<CoapSignal>): void;
}

type Obtained = Promise<OpenConnection<CoapSignal> | Refusal>;

/** Serves requests of authenticated devices. A request makes its device present. */
export class DeviceService {
  readonly #context: DeviceContext;
  /** New leases that the registry is asked about. */
  readonly #obtaining = new WeakMap<DeviceAssociation, Obtained>();
  /** The latest answer of the registry about devices for which it differs from the answer at their authentication. */
  readonly #identities = new WeakMap<DeviceAssociation, AuthenticatedDevice>();

  constructor(context: DeviceContext) {
    this.#context = context;
  }

  async serve(request: CoapRequest<DeviceAssociation>): Promise<CoapResponse> {
    const { clock } = this.#context.host.context;
    const head = headOf(request);
    const response = await this.#answer(request, head, this.#context.arrival());
    return asksForTime(request, head.query) ? withTime(response, clock.now()) : response;
  }

  /** A request was refused before it could be served. Its device is present nevertheless. */
  async refused(association: DeviceAssociation): Promise<void> {
    const arrival = this.#context.arrival();
    const lease = this.#context.leases.held(association.principal) ?? (await this.#obtain(association));
    if ('reason' in lease) return;
    lease.report({ type: 'request', terms: this.#termsOf(this.#identityOf(association)), ...arrival });
    lease.report({ type: 'answered' });
    this.#context.closedMeanwhile(association, lease);
  }

  /** @param arrival when the request arrived: a device that has no lease is looked up first. */
  async #answer(
    request: CoapRequest<DeviceAssociation>,
    head: RequestHead,
    arrival: Arrival,
  ): Promise<CoapResponse> {
    const { host, leases } = this.#context;
    const { peer: association, payload } = request;
    const asked = readHead(head);
    const failed = 'status' in asked;
    const goodbye = !failed && asked.goodbye && payload.length === 0;

    // A device that has a lease is heard at once. What the registry says of it may have changed since.
    const held = leases.held(association.principal);
    const isOutdated = held !== undefined && host.access.isOutdated(this.#identityOf(association));
    if (isOutdated) held.report({ type: 'heard', ...arrival });
    const lease = (isOutdated ? undefined : held) ?? (await this.#begin(association, goodbye));
    if (lease && 'reason' in lease) return answerRefusal(lease, isForAnother(asked, association.principal));
    const by = this.#identityOf(association);
    const { type } = host.context.identity;
    const ttdSeconds = failed ? undefined : timeTillDisconnect(asked.ttdSeconds, by.tenant, type);
    // No lease waits for the answer to a goodbye: the one that a request behind it begins must not take that for its own.
    const underWay = requestUnderWay(host.access, by, (how) => {
      if (!goodbye) lease?.report({ type: how });
    });
    lease?.report({ type: 'request', terms: this.#termsOf(by, ttdSeconds), ...arrival });
    if (goodbye) lease?.report({ type: 'goodbye', ...arrival });
    else if (lease) this.#context.closedMeanwhile(association, lease);
    try {
      await lease?.committed();
      if (underWay.isWithdrawn()) return answerProblem({ status: 401, text: 'bad credentials' });
      if (isDiscovery(head)) return resources;
      return failed ? answerProblem(asked) : await this.#upload(request, asked, ttdSeconds);
    } finally {
      underWay.answered();
    }
  }
  /** The lease of a device that had none when its request came. */
  async #begin(
    association: DeviceAssociation,
    goodbye: boolean,
  ): Promise<OpenConnection<CoapSignal> | Refusal | undefined> {
    if (!goodbye) return this.#obtain(association);
    // Its earlier request comes first. A device that was not present does not become present by saying goodbye.
    await this.#obtaining.get(association);
    return this.#context.leases.held(association.principal);
  }

  #obtain(association: DeviceAssociation): Obtained {
    const obtained = this.#askForLease(association);
    this.#obtaining.set(association, obtained);
    return obtained;
  }

  /** The handshake may be long ago, so asks the registry again whether the device may be served. */
  async #askForLease(association: DeviceAssociation): Obtained {
    const { peer, principal } = association;
    const { host, leases } = this.#context;
    const result = await host.access.reauthorize(principal);
    if (result.status === 'refused') return result.refusal;
    this.#identities.set(association, result.identity);
    const remoteAddress = peerAddress({ remoteAddress: peer.address, remotePort: peer.port });
    return leases.obtain(result.identity, {
      protocol: 'CoAP/DTLS 1.2',
      ...(remoteAddress !== undefined && { remoteAddress }),
    });
  }

  async #upload(
    { peer: association, payload }: CoapRequest<DeviceAssociation>,
    asked: Asked,
    ttdSeconds: number | undefined,
  ): Promise<CoapResponse> {
    const { host, endOf } = this.#context;
    const by = this.#identityOf(association);
    const result = await host.uplink.upload({
      ...asked.upload,
      by,
      payload,
      ...(ttdSeconds !== undefined && { ttdSeconds }),
    });
    if (result.status === 'failed') return answerProblem(result.failure);
    // There are no commands yet: the device waits for as long as it asked for, and gets none.
    if (ttdSeconds !== undefined) await sleep(host.context.clock, ttdSeconds * 1_000, endOf(association));
    return changed;
  }

  #identityOf(association: DeviceAssociation): AuthenticatedDevice {
    return this.#identities.get(association) ?? association.principal;
  }

  /** Whether the device is probed, and for how long at most. */
  probeOf(by: AuthenticatedDevice): Pick<LeaseTerms, 'probeMs'> {
    const { probe, probeMs } = this.#context;
    return (by.presenceProbe ?? probe) ? { probeMs } : {};
  }

  #termsOf(by: AuthenticatedDevice, ttdSeconds?: number): LeaseTerms {
    return {
      ...this.#context.lease,
      ...(by.presenceIntervalMs !== undefined && { declaredMs: by.presenceIntervalMs }),
      ...(ttdSeconds !== undefined && { ttdMs: ttdSeconds * 1_000 }),
      ...this.probeOf(by),
    };
  }
}
