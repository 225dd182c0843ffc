import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuthenticatedDevice } from '@rollcall/access';
import type { AdapterHost } from '@rollcall/adapter-kit';
import { afterReading, arrivedAt, onArrival, readArrived } from '@rollcall/adapter-kit/arrival';
import {
  destroyUnlessClosed,
  peerAddress,
  remoteIpOf,
  type SocketPlace,
} from '@rollcall/adapter-kit/listening';
import type { OpenConnection } from '@rollcall/presence';
import { afterFailedUpload } from '@rollcall/uplink';
import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { DisconnectedChange, EndedSignal } from '@rollcall/core/tracker';
import { presentedCredentials } from './credentials.ts';
import { endAnswer, errorAnswer, ok, refusalAnswer, uploadAnswer } from './device-answers.ts';
import type { DeviceRequest } from './device-request.ts';
import { createForesight, type ForeseenEnd } from './foresight.ts';
import { readRequests } from './read-requests.ts';
import { requestFormat } from './request-format.ts';
import { templateTracker, type TemplateSignal } from './tracker.ts';

export interface DeviceOptions {
  readonly maxRequestBytes: number;
  /** Time within which a network connection must have logged in. */
  readonly loginTimeoutMs: number;
  readonly idleLimitMs: number;
}

/** How long a device that ended its session may take to read an answer. */
const answerWithinMs = 1_000;

/** What is needed of a `net.Socket`. Its two halves must close independently (`allowHalfOpen`). */
interface DeviceSocket extends Duplex {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** A network connection, as the listener hands it on. */
export interface ServedSocket {
  readonly socket: DeviceSocket;
  readonly place: SocketPlace;
}

/**
 * Serves one network connection, from its first byte to its last: each request becomes a signal, and is answered.
 * One request after another, each answer on its way before the next request is read: a device that sends without
 * reading fills its own buffers only.
 */
export function serveDevice(served: ServedSocket, host: AdapterHost, options: DeviceOptions): Promise<void> {
  const device = new ServedDevice(served, host, options);
  device.listen();
  return device.serve();
}

/** A device that was let in. */
interface Session {
  readonly identity: AuthenticatedDevice;
  readonly connection: OpenConnection<TemplateSignal>;
}

/** How far a network connection has come. */
type State =
  /** The device has not logged in yet, or is being authenticated. */
  | { readonly phase: 'new'; readonly session?: undefined }
  /** The device is connected, or was: the tracker knows whether it is still. */
  | { readonly phase: 'open'; readonly session: Session }
  /** The last answer is written. */
  | { readonly phase: 'closing'; readonly session: Session | undefined };

class ServedDevice {
  readonly #socket: DeviceSocket;
  readonly #place: SocketPlace;
  readonly #host: AdapterHost;
  readonly #options: DeviceOptions;
  /** The address is gone once the socket is. */
  readonly #remoteAddress: string | undefined;
  #state: State = { phase: 'new' };
  /** How the device ends its session, once that has arrived. */
  #end: ForeseenEnd | undefined;
  /** When its last bytes arrived. */
  #heardAt: Instant | undefined;
  /** Whether its login was answered. */
  #isAnswered = false;
  /** The device ended its session. What it said before is carried out, and answered as long as it reads. */
  #hasLeft = false;
  /** The latest answer is not on its way yet. */
  #isAnswering = false;
  /** That answer is on its way: the time limit for it is over. */
  #disarmAnswer = (): void => {};
  /** What it is told of an end that came before. */
  #endedEarly: Uint8Array | undefined;
  /** The device has logged in: the time limit for that is over. */
  #disarmLogin = (): void => {};

  constructor({ socket, place }: ServedSocket, host: AdapterHost, options: DeviceOptions) {
    this.#socket = socket;
    this.#place = place;
    this.#host = host;
    this.#options = options;
    this.#remoteAddress = peerAddress(socket);
  }

  listen(): void {
    const { clock } = this.#host.context;
    const { loginTimeoutMs, maxRequestBytes } = this.#options;
    const socket = this.#socket;
    const foresee = createForesight(requestFormat(maxRequestBytes));
    this.#disarmLogin = afterReading(clock, loginTimeoutMs, () =>
      this.#close(errorAnswer('login timed out')),
    );
    // Signs of life, a goodbye and mistakes count when they arrive: requests before them may take their time.
    onArrival(
      socket,
      (bytes) => {
        this.#heardAt = arrivedAt(socket, clock);
        const { whole, end } = foresee(bytes);
        this.#end = end;
        this.#report({ type: 'arrived', whole });
        if (end) this.#report(end.ending);
      },
      () => this.#report({ type: 'socket-closed' }),
    );
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      this.#report({ type: 'socket-closed', ...(code !== undefined && { text: code }) }),
    );
    socket.once('close', () => {
      this.#disarmLogin();
      this.#disarmAnswer();
      this.#report({ type: 'socket-closed' });
    });
  }

  /** Resolves when the connection is about to close. */
  async serve(): Promise<void> {
    const format = requestFormat(this.#options.maxRequestBytes);
    for await (const request of readRequests(readArrived(this.#socket), format, () => this.#end)) {
      if (this.#state.phase === 'closing') break;
      await this.#carryOut(request);
      // A device that sends a thousand requests at once waits for its turn as all others do.
      await nextTurn();
    }
    // A device that closed its side only is served to the end.
    this.#report({ type: 'socket-closed' });
    this.#close();
  }

  async #carryOut(request: DeviceRequest): Promise<void> {
    try {
      const { session } = this.#state;
      await (session ? this.#obey(request, session) : this.#logIn(request));
    } catch (error) {
      this.#host.context.failed('template: request', error);
      this.#report({ type: 'ended', reason: 'unspecified' });
      this.#close();
      // Not even a last answer could be written.
      if (this.#socket.writable) this.#socket.destroy();
    }
  }

  async #logIn(request: DeviceRequest): Promise<void> {
    const { access } = this.#host;
    if (request.name !== 'login') {
      access.refused(request.name === 'invalid' ? 'credentials-malformed' : 'credentials-missing');
      return this.#close(errorAnswer(request.name === 'invalid' ? request.text : 'login first'));
    }
    const presented = presentedCredentials(request.credentials, this.#socket);
    if (!presented) {
      access.refused('credentials-missing');
      return this.#close(errorAnswer('login needs a user and a password'));
    }
    // From now on it waits for us.
    this.#place.stand('busy');
    const result = await access.authenticate({
      ...presented,
      remoteIp: remoteIpOf(this.#socket),
      gone: () => this.#isLost(),
    });
    // A device that was lost meanwhile, or took too long, was never connected. One that said goodbye was.
    if (this.#state.phase === 'closing' || this.#isLost()) return undefined;
    if (result.status === 'refused') return this.#close(refusalAnswer(result.refusal));
    const refusal = access.admit(result.identity);
    if (refusal) return this.#close(refusalAnswer(refusal));
    const connection = this.#open(result.identity);
    await connection.committed();
    this.#report({ type: 'answered' });
    // It was connected, and is told as that.
    if (this.#endedEarly) return this.#close(Buffer.concat([ok, this.#endedEarly]));
    this.#isAnswered = true;
    return this.#answer(ok);
  }

  #open(identity: AuthenticatedDevice): OpenConnection<TemplateSignal> {
    const { idleLimitMs } = this.#options;
    const connection = this.#host.presence.open(templateTracker, {
      identity,
      remoteId: identity.authId,
      // As with MQTT: a device that was silent for so long is late, and has half as much again until it is gone.
      keepAliveMs: (idleLimitMs * 2) / 3,
      protocol: 'Template',
      ...(this.#remoteAddress !== undefined && { remoteAddress: this.#remoteAddress }),
      onDisconnected: (change) => this.#onDisconnected(change),
    });
    this.#state = { phase: 'open', session: { identity, connection } };
    this.#disarmLogin();
    this.#place.accepted();
    connection.report({ type: 'accepted', idleLimitMs, heardAt: this.#heardAt });
    if (this.#end) connection.report(this.#end.ending);
    return connection;
  }

  async #obey(request: DeviceRequest, { identity, connection }: Session): Promise<void> {
    switch (request.name) {
      case 'ping':
        return this.#answer(ok);
      case 'telemetry':
      case 'event':
        return this.#upload(request, identity);
      case 'bye':
        // Its end is in the journal before it is told that it was understood.
        await connection.committed();
        return this.#close(ok);
      case 'login':
        return this.#close(errorAnswer('logged in already'));
      case 'invalid':
        return this.#close(errorAnswer(request.text));
      default:
        return request satisfies never;
    }
  }

  async #upload(
    { name: endpoint, contentType, payload }: Extract<DeviceRequest, { readonly contentType: string }>,
    identity: AuthenticatedDevice,
  ): Promise<void> {
    const { uplink, context } = this.#host;
    const result = await uplink.upload({
      by: identity,
      endpoint,
      qos: 1,
      contentType,
      payload,
      origAddress: endpoint,
    });
    if (result.status === 'failed') {
      const { status, text } = result.failure;
      context.log.debug({ ...identity.device, status, text }, 'upload failed');
      const next = afterFailedUpload(result, 'failure');
      if (next.type === 'close') this.#report({ type: 'ended', reason: next.reason, raw: { text } });
    }
    return this.#answer(uploadAnswer(result));
  }

  #report(signal: TemplateSignal | EndedSignal): void {
    this.#state.session?.connection.report(signal);
  }

  #onDisconnected(change: DisconnectedChange): void {
    const answer = endAnswer(change);
    if (answer === undefined) {
      this.#hasLeft = true;
      if (this.#isAnswering) this.#hurryAnswer();
      return;
    }
    if (this.#isAnswered) this.#close(answer);
    else this.#endedEarly = answer;
  }

  #isLost(): boolean {
    return this.#socket.destroyed && !this.#end;
  }

  /** Resolves when the answer is on its way, or never will be. */
  #answer(answer: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#socket.writable) return resolve();
      this.#isAnswering = true;
      this.#socket.write(answer, () => {
        this.#isAnswering = false;
        this.#disarmAnswer();
        resolve();
      });
      if (this.#hasLeft) this.#hurryAnswer();
    });
  }

  /** No idle limit closes the connection any more: the device has a second to read an answer, as it has for the last one. */
  #hurryAnswer(): void {
    const { clock } = this.#host.context;
    this.#disarmAnswer();
    if (this.#socket.destroyed) return;
    this.#disarmAnswer = clock.at(later(clock.monotonic(), answerWithinMs), () => this.#socket.destroy());
  }

  /** Closes once what was written is read; a device that does not read gets no more time than this. */
  #close(lastAnswer?: Uint8Array): void {
    const socket = this.#socket;
    if (this.#state.phase === 'closing' || socket.closed) return;
    this.#state = { phase: 'closing', session: this.#state.session };
    if (lastAnswer !== undefined && socket.writable) socket.write(lastAnswer);
    socket.end();
    destroyUnlessClosed(socket, this.#host.context.clock);
  }
}
