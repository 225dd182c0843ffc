import {
  peerAddress,
  requestUnderWay,
  timeTillDisconnect,
  type AdapterHost,
  type AuthenticatedDevice,
  type LeaseBook,
  type LeaseSettings,
  type LeaseTerms,
  type OpenConnection,
  type Refusal,
} from '@rollcall/adapter-kit';
import type { CoapRequest, CoapResponse } from '@rollcall/coap';
import { sleep } from '@rollcall/core';
import { answerProblem, answerRefusal, changed } from './answers.ts';
import type { DeviceAssociation } from './associations.ts';
import { readHead, type Asked, type RequestHead } from './device-request.ts';
import { headOf } from './request-head.ts';
import { asksForTime, withTime } from './server-time.ts';
import type { CoapSignal } from './tracker.ts';

export interface DeviceContext {
  readonly host: AdapterHost;
  readonly leases: LeaseBook<CoapSignal>;
  readonly lease: LeaseSettings;
  /** How long a probe takes at most, where a device is probed. */
  readonly probeMs: number;
  /** Whether a device is probed of which the registry says nothing. */
  readonly probe: boolean;
  /** Aborts when an association is closed, or the adapter stops: nobody waits for a command any more. */
  endOf(association: DeviceAssociation): AbortSignal;
  /** The device has closed its association meanwhile, and the lease that its request obtained has not heard of it. */
  closedMeanwhile(association: DeviceAssociation, lease: OpenConnection<CoapSignal>): void;
}

/** Serves requests of devices that proved who they are. */
export interface DeviceService {
  serve(request: CoapRequest<DeviceAssociation>): Promise<CoapResponse>;
  /** A request was refused before it could be served: its device is there all the same. */
  refused(association: DeviceAssociation): Promise<void>;
}

export function createDeviceService(context: DeviceContext): DeviceService {
  const { host, leases } = context;

  function termsOf(by: AuthenticatedDevice, ttdSeconds?: number): LeaseTerms {
    return {
      ...context.lease,
      ...(by.presenceIntervalMs !== undefined && { declaredMs: by.presenceIntervalMs }),
      ...(ttdSeconds !== undefined && { ttdMs: ttdSeconds * 1_000 }),
      ...((by.presenceProbe ?? context.probe) && { probeMs: context.probeMs }),
    };
  }

  /** A new lease. What the handshake proved is long ago, perhaps: whether the device may be served is asked anew. */
  async function obtain(association: DeviceAssociation): Promise<OpenConnection<CoapSignal> | Refusal> {
    const { peer, principal } = association;
    const result = await host.access.reauthorize(principal);
    if (result.status === 'refused') return result.refusal;
    const remoteAddress = peerAddress({ remoteAddress: peer.address, remotePort: peer.port });
    return leases.obtain(result.identity, {
      protocol: 'CoAP/DTLS 1.2',
      ...(remoteAddress !== undefined && { remoteAddress }),
    });
  }

  /** New leases that the registry is asked about. */
  const obtaining = new WeakMap<DeviceAssociation, ReturnType<typeof obtain>>();

  function obtainOnce(association: DeviceAssociation): ReturnType<typeof obtain> {
    const asked = obtain(association);
    obtaining.set(association, asked);
    return asked;
  }

  async function upload(
    { peer: association, payload }: CoapRequest<DeviceAssociation>,
    asked: Asked,
    ttdSeconds: number | undefined,
  ): Promise<CoapResponse> {
    const by = association.principal;
    const result = await host.uplink.upload({
      ...asked.upload,
      by,
      payload,
      ...(ttdSeconds !== undefined && { ttdSeconds }),
    });
    if (result.status === 'failed') return answerProblem(result.failure);
    // There are no commands yet: the device waits for as long as it said, and gets none.
    if (ttdSeconds !== undefined)
      await sleep(host.context.clock, ttdSeconds * 1_000, context.endOf(association));
    return changed;
  }

  async function serve(request: CoapRequest<DeviceAssociation>, head: RequestHead): Promise<CoapResponse> {
    const { peer: association, payload } = request;
    const by = association.principal;
    const asked = readHead(head);
    const failed = 'status' in asked;
    const goodbye = !failed && asked.goodbye && payload.length === 0;
    const ttdSeconds = failed ? undefined : timeTillDisconnect(asked.ttdSeconds, by.tenant, 'hono-coap');

    let lease = leases.held(by);
    if (!lease && goodbye) {
      // What it said before comes first. Whoever was not present need not be for its goodbye.
      await obtaining.get(association);
      lease = leases.held(by);
    } else if (!lease) {
      const obtained = await obtainOnce(association);
      if ('reason' in obtained) return answerRefusal(obtained);
      lease = obtained;
    }
    const underWay = requestUnderWay(host.access, by, (type) => lease?.report({ type }));
    lease?.report({ type: 'request', terms: termsOf(by, ttdSeconds) });
    if (goodbye) lease?.report({ type: 'goodbye' });
    else if (lease) context.closedMeanwhile(association, lease);
    try {
      await lease?.committed();
      if (underWay.isWithdrawn()) return answerProblem({ status: 401, text: 'bad credentials' });
      return failed ? answerProblem(asked) : await upload(request, asked, ttdSeconds);
    } finally {
      underWay.answered();
    }
  }

  return {
    async serve(request) {
      const head = headOf(request);
      const response = await serve(request, head);
      return asksForTime(request, head.query) ? withTime(response, host.context.clock.now()) : response;
    },
    async refused(association) {
      const lease = leases.held(association.principal) ?? (await obtainOnce(association));
      if ('reason' in lease) return;
      lease.report({ type: 'request', terms: termsOf(association.principal) });
      lease.report({ type: 'answered' });
      context.closedMeanwhile(association, lease);
    },
  };
}
