import type { AuthenticatedDevice, Refusal } from '@rollcall/access';
import type { AdapterHost } from '@rollcall/adapter-kit';
import { arrivalOn, onArrival } from '@rollcall/adapter-kit/arrival';
import { peerAddress, remoteIpOf } from '@rollcall/adapter-kit/listening';
import type { OpenConnection } from '@rollcall/presence';
import {
  requestUnderWay,
  type Arrival,
  type LeaseBook,
  type LeaseSettings,
  type LeaseTerms,
  type RequestUnderWay,
} from '@rollcall/presence/leases';
import { timeTillDisconnect, type UploadRequest } from '@rollcall/uplink';
import type { DeviceRef } from '@rollcall/core';
import type { UploadFailure } from '@rollcall/core/device-data';
import { sleep } from '@rollcall/core/environment';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { arrivedBody } from './request-body.ts';
import type { Presented } from './credentials.ts';
import { answerFailure, answerGatewayRefusal, answerRefusal, type ErrorAnswer } from './device-answers.ts';
import { readHead, type Asked } from './device-request.ts';
import type { PendingRequest, PendingRequests } from './pending-requests.ts';
import { headOf } from './request-head.ts';
import type { SocketStanding } from './socket-standing.ts';
import type { HttpSignal } from './tracker.ts';

/** What all requests are served with. */
export interface DeviceContext {
  readonly host: AdapterHost;
  readonly leases: LeaseBook<HttpSignal>;
  readonly pending: PendingRequests;
  readonly standing: SocketStanding;
  readonly authenticationRequired: boolean;
  readonly realm: string;
  readonly maxPayloadBytes: number;
  /** Silence after which a network connection is closed; 0: never. */
  readonly idleTimeoutMs: number;
  readonly lease: LeaseSettings;
  /** Aborts when the adapter stops: a device that waits for a command is answered. */
  readonly stopping: AbortSignal;
}

/** Whose request it is, once that is known. */
interface Served {
  /** Absent: an anonymous device. */
  readonly by: AuthenticatedDevice | undefined;
  /** Effective, see {@link timeTillDisconnect}. */
  readonly ttdSeconds: number | undefined;
  /** Absent where the device says that it leaves, and was not there; or did not say who it is. */
  readonly lease: OpenConnection<HttpSignal> | undefined;
  /** Until it is answered, or its proof is not valid any more. */
  readonly underWay: RequestUnderWay;
  /** What its requests ask for. */
  readonly terms: LeaseTerms | undefined;
}

/** How far a request has come. */
type State =
  /** Its device is being authenticated, or was refused. */
  | { readonly phase: 'new'; readonly served?: undefined }
  /** Its device is present. */
  | { readonly phase: 'served'; readonly served: Served };

/** What let the device in was valid when its request began, and is not any more. */
const refusedMeanwhile: Refusal = { reason: 'bad-credentials', text: 'bad credentials' };
const namesNoTenant: UploadFailure = { status: 404, text: 'request URI must contain tenant and device ID' };
/** Nothing let it in that could be withdrawn. */
const anybodys: RequestUnderWay = { isWithdrawn: () => false, answered() {} };
/** Share of the idle time-out that an answer may take: later, the connection might be gone. */
const shareOfIdleTimeout = 0.8;

/** One request of a device, from its head to the end of its answer. */
export class DeviceExchange implements PendingRequest {
  readonly #context: DeviceContext;
  readonly #request: FastifyRequest;
  /** The address is gone once the socket is. */
  readonly #remoteAddress: string | undefined;
  readonly #asked: Asked | UploadFailure;
  #state: State = { phase: 'new' };
  /** When the device was last heard. */
  #heard: Arrival;
  /** That of the latest signal of the lease. */
  #toldOf: Arrival | undefined;
  /** Whether the lease knows that the request has arrived whole, and waits for its answer. */
  #waits = false;
  /** Whether the lease knows that the device leaves: the device may be back by the time of the upload. */
  #saidGoodbye = false;
  /** `over`: it was sent, or the device hung up. */
  #answer: 'due' | 'over' = 'due';
  /** Ends the wait for a command. No abort signal: most requests wait for none, and it costs. */
  #stopWaiting: (() => void) | undefined;

  constructor(context: DeviceContext, endpoint: UploadRequest['endpoint'], request: FastifyRequest) {
    this.#context = context;
    this.#request = request;
    this.#remoteAddress = peerAddress(request.raw.socket);
    this.#asked = readHead(headOf(endpoint, request));
    this.#heard = arrivalOn(request.raw.socket, context.host.context.clock);
  }

  /** Watches the request and its answer from now on. */
  listen(reply: FastifyReply): void {
    const { pending, standing } = this.#context;
    const { raw } = this.#request;
    const arrived = (): void => this.#arrived();
    // The last chunk of a body has no bytes of it.
    onArrival(raw, arrived, arrived);
    pending.add(raw, reply.raw, this);
    standing.busy(raw.socket);
  }

  /** Finds out who asks. The device is present then; why it is not, is the result. */
  async logIn(presented: Presented): Promise<ErrorAnswer | undefined> {
    const { host, standing } = this.#context;
    const { raw } = this.#request;
    const result = await host.access.authenticate({
      ...presented,
      remoteIp: remoteIpOf(raw.socket),
      // A device that says goodbye does not have to wait for the answer.
      gone: () => this.#answer === 'over' && !(this.#saysGoodbye && raw.complete),
    });
    if (result.status === 'refused') return this.#answerTo(result.refusal, result.device);
    standing.proved(raw.socket, raw.complete);
    const refusal = this.#begin(result.identity);
    return refusal && this.#answerTo(refusal, result.identity.device);
  }

  /** Serves an anonymous device. It has no events. The result is the reason why it is refused, if it is. */
  admitAnybody(): ErrorAnswer | undefined {
    const asked = this.#asked;
    if ('status' in asked) return answerFailure(asked);
    if (asked.upload.target?.tenant === undefined) return answerFailure(namesNoTenant);
    this.#state = {
      phase: 'served',
      served: {
        by: undefined,
        ttdSeconds: undefined,
        lease: undefined,
        underWay: anybodys,
        terms: undefined,
      },
    };
    return undefined;
  }

  /** Resolves when the journal has it that the device is present, or left. */
  committed(): Promise<void> | undefined {
    return this.#state.served?.lease?.committed();
  }

  /** Uploads the body. The result is why it could not be done. */
  async upload(payload: Uint8Array | undefined): Promise<ErrorAnswer | undefined> {
    const { served } = this.#state;
    const { socket } = this.#request.raw;
    // The body may have taken its time.
    if (!served || served.underWay.isWithdrawn()) return answerRefusal(refusedMeanwhile, this.#context.realm);
    this.#context.standing.busy(socket);
    await this.#tellWhole(served)?.committed();
    const asked = this.#asked;
    if ('status' in asked) return answerFailure(asked);
    // As Hono: an empty body is none, and makes no Data section.
    const body = payload?.byteLength ? payload : undefined;
    const result = await this.#send(asked, served, body);
    // A goodbye is answered once the journal has its end, as a login once it has its beginning.
    if (asked.goodbye) await this.committed();
    if (result.status === 'failed') {
      const { failure } = result;
      // It has hung up.
      if (this.#answer === 'over') this.#context.host.uplink.dropped(failure, served.by?.device);
      return answerFailure(failure);
    }
    const ttdSeconds = served.ttdSeconds ?? result.ttdSeconds;
    if (ttdSeconds !== undefined) await this.#waitForCommand(served.underWay, ttdSeconds);
    return undefined;
  }

  /** Does what it can for a device that did not wait for the answer, and whose request had arrived whole. */
  async serveLeft(): Promise<void> {
    const { served } = this.#state;
    const asked = this.#asked;
    const body = arrivedBody(this.#request.raw);
    if (!body || body.byteLength > this.#context.maxPayloadBytes) return;
    if (!served || 'status' in asked || served.underWay.isWithdrawn()) return;
    const result = await this.#send(asked, served, body.byteLength > 0 ? body : undefined);
    if (result.status === 'failed') this.#context.host.uplink.dropped(result.failure, served.by?.device);
  }

  over(): void {
    this.#answer = 'over';
    this.#stopWaiting?.();
    this.#context.standing.over(this.#request.raw.socket);
    this.#state.served?.underWay.answered();
  }

  /** A client that closed its side still hears what becomes of its request, but waits for no command. */
  hungUp(): void {
    this.#stopWaiting?.();
  }

  /** @param device who asks, where that is known. */
  #answerTo(refusal: Refusal, device: DeviceRef | undefined): ErrorAnswer {
    const { realm } = this.#context;
    const target = 'status' in this.#asked ? undefined : this.#asked.upload.target;
    const { tenant = device?.tenant } = target ?? {};
    const isGateway =
      target !== undefined && !(tenant === device?.tenant && target.device === device?.device);
    return isGateway ? answerGatewayRefusal(refusal, realm) : answerRefusal(refusal, realm);
  }

  get #saysGoodbye(): boolean {
    return !('status' in this.#asked) && this.#asked.goodbye;
  }

  #begin(by: AuthenticatedDevice): Refusal | undefined {
    const { host, leases, lease: settings } = this.#context;
    const ttdSeconds = this.#ttdSeconds(by);
    // A device that was not present does not become present by saying goodbye.
    const lease = this.#saysGoodbye ? leases.held(by) : this.#obtain(by);
    if (lease && 'reason' in lease) return lease;
    const underWay = requestUnderWay(host.access, by, (how) => {
      // A device whose secret is gone gets no command.
      if (how === 'withdrawn') this.#stopWaiting?.();
      if (this.#waits) this.#state.served?.lease?.report({ type: how });
    });
    const terms = {
      ...settings,
      ...(by.presenceIntervalMs !== undefined && { declaredMs: by.presenceIntervalMs }),
      ...(ttdSeconds !== undefined && { ttdMs: ttdSeconds * 1_000 }),
    };
    this.#state = { phase: 'served', served: { by, ttdSeconds, lease, underWay, terms } };
    this.#toldOf = this.#heard;
    this.#waits = this.#request.raw.complete;
    lease?.report({
      type: 'request',
      ...this.#heard,
      terms,
      ...(!this.#waits && { part: 'head' }),
    });
    // What its connection brings behind it comes after it: a request there begins another lease.
    if (this.#saysGoodbye && this.#waits && this.#request.raw.readableLength === 0) this.#sayGoodbye(lease);
    // The device may have hung up while it was authenticated.
    if (this.#answer === 'over') underWay.answered();
    return undefined;
  }

  #ttdSeconds({ tenant }: AuthenticatedDevice): number | undefined {
    if ('status' in this.#asked) return undefined;
    const { type } = this.#context.host.context.identity;
    return timeTillDisconnect(this.#asked.ttdSeconds, tenant, type, this.#longestTtdSeconds);
  }

  get #longestTtdSeconds(): number {
    return Math.floor((this.#context.idleTimeoutMs / 1_000) * shareOfIdleTimeout);
  }

  #send(
    asked: Asked,
    { by, ttdSeconds, lease }: Served,
    payload: Uint8Array | undefined,
  ): ReturnType<AdapterHost['uplink']['upload']> {
    if (asked.goodbye && !payload) this.#sayGoodbye(lease);
    return this.#context.host.uplink.upload({
      ...asked.upload,
      ...(by ? { by } : this.#ttdAsked(asked)),
      ...(payload && { payload }),
      ...(ttdSeconds !== undefined && { ttdSeconds }),
    });
  }

  /** Its tenant, which bounds that time, is looked up with its upload. */
  #ttdAsked({ ttdSeconds: seconds }: Asked): Pick<UploadRequest, 'ttdAsked'> {
    return seconds === undefined ? {} : { ttdAsked: { seconds, longestSeconds: this.#longestTtdSeconds } };
  }

  /** There are no commands yet: the device waits for as long as it said, and gets none. */
  async #waitForCommand(underWay: RequestUnderWay, ttdSeconds: number): Promise<void> {
    if (this.#answer === 'over') return;
    if (this.#request.raw.socket.readableEnded || underWay.isWithdrawn()) return;
    const { host, stopping } = this.#context;
    const enough = new AbortController();
    this.#stopWaiting = () => enough.abort();
    await sleep(host.context.clock, ttdSeconds * 1_000, AbortSignal.any([enough.signal, stopping]));
  }

  #arrived(): void {
    const { served } = this.#state;
    this.#heard = arrivalOn(this.#request.raw.socket, this.#context.host.context.clock);
    if (served && !served.underWay.isWithdrawn()) this.#tellHeard(served);
  }

  /**
   * From now on the device waits for the answer. Mostly the head and the body arrive together, and the lease knows it.
   *
   * @returns the lease that begins with it, where the one that its head had renewed has run out meanwhile.
   */
  #tellWhole(served: Served): OpenConnection<HttpSignal> | undefined {
    const { by, terms } = served;
    // A goodbye waits for nothing, and begins no lease.
    if (this.#waits || this.#saysGoodbye || this.#answer === 'over' || !by || !terms) {
      this.#tellHeard(served);
      return undefined;
    }
    const lease = this.#obtain(by);
    if ('reason' in lease) return undefined;
    this.#waits = true;
    this.#toldOf = this.#heard;
    this.#state = { phase: 'served', served: { ...served, lease } };
    lease.report({ type: 'request', ...this.#heard, terms, part: 'rest' });
    return lease === served.lease ? undefined : lease;
  }

  #sayGoodbye(lease: OpenConnection<HttpSignal> | undefined): void {
    if (this.#saidGoodbye) return;
    this.#saidGoodbye = true;
    // No lease waits for its answer: the one that a request behind it begins must not take that for its own.
    this.#waits = false;
    lease?.report({ type: 'goodbye', ...this.#heard });
  }

  #obtain(by: AuthenticatedDevice): OpenConnection<HttpSignal> | Refusal {
    return this.#context.leases.obtain(by, {
      protocol: `HTTP/${this.#request.raw.httpVersion}`,
      ...(this.#remoteAddress !== undefined && { remoteAddress: this.#remoteAddress }),
    });
  }

  #tellHeard({ lease }: Served): void {
    if (this.#toldOf?.readAt === this.#heard.readAt) return;
    this.#toldOf = this.#heard;
    lease?.report({ type: 'heard', ...this.#heard });
  }
}
