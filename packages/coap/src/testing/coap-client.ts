import type { CoapClock } from '../endpoint/coap-clock.ts';
import { createDeadline, createDeadlines, type Deadline, type Deadlines } from '../endpoint/deadlines.ts';
import { retransmit, type RetransmitOptions } from '../endpoint/retransmit.ts';
import { defaultTransmissionTiming, type TransmissionTiming } from '../endpoint/transmission-timing.ts';
import { coapCode, formatCode, isResponseCode } from '../wire/coap-code.ts';
import type { CoapMessage } from '../wire/coap-message.ts';
import { decodeMessage } from '../wire/decode-message.ts';
import { emptyMessage, encodeMessage } from '../wire/encode-message.ts';
import { downloadRest, uploadInBlocks, type CoapClientRequest, type Exchange } from './blockwise-request.ts';

export interface CoapClientOptions {
  send(datagram: Buffer): void;
  readonly clock: CoapClock;
  readonly random: { next(): number; bytes(length: number): Uint8Array };
  readonly timing?: Partial<TransmissionTiming>;
}

/** One device and one server, for tests and load. It is small, but strict enough to tell a wrong answer from a right one. */
export interface CoapClient {
  receive(datagram: Uint8Array): void;
  /** The whole answer, its blocks put together. Rejects if there is none, or a reset. */
  request(request: CoapClientRequest): Promise<CoapMessage>;
  ping(): Promise<boolean>;
  /** Whether it answers pings; by default it does. */
  answerPings(answers: boolean): void;
  close(): void;
}

/** A message with a request that has no answer yet. */
interface Unanswered {
  readonly id: number;
  readonly confirmable: boolean;
  readonly patience: Deadline;
  /** Stops sending it. */
  stop(): void;
  resolve(response: CoapMessage): void;
  reject(error: Error): void;
}

/** Ids of separate responses of which a copy may come. */
const maxRemembered = 256;

export function createCoapClient(options: CoapClientOptions): CoapClient {
  return new Client(options);
}

class Client implements CoapClient {
  readonly #options: CoapClientOptions;
  readonly #deadlines: Deadlines;
  readonly #retransmit: RetransmitOptions;
  readonly #unansweredByToken = new Map<string, Unanswered>();
  readonly #pingsById = new Map<number, (isAlive: boolean) => void>();
  readonly #acknowledgedIds = new Set<number>();
  #nextId: number;
  #answersPings = true;

  constructor(options: CoapClientOptions) {
    const random = (): number => options.random.next();
    this.#options = options;
    this.#deadlines = createDeadlines(options.clock);
    this.#retransmit = {
      deadlines: this.#deadlines,
      random,
      timing: { ...defaultTransmissionTiming, ...options.timing },
    };
    this.#nextId = Math.floor(random() * 0x1_00_00);
  }

  receive(datagram: Uint8Array): void {
    const message = decodeMessage(datagram);
    if ('problem' in message) throw new Error(`the server sent what is no message: ${message.problem}`);
    const { type, code, id } = message;
    if (isResponseCode(code)) this.#takeResponse(message);
    else if (code !== coapCode.empty) throw new Error(`the server sent a request: ${formatCode(code)}`);
    else if (type !== 'CON') this.#takeEmpty(type, id);
    else if (this.#answersPings) this.#options.send(emptyMessage('RST', id));
  }

  async request(request: CoapClientRequest): Promise<CoapMessage> {
    const { code = coapCode.post, confirmable = true } = request;
    const exchange: Exchange = (options, payload) =>
      this.#exchange({ type: confirmable ? 'CON' : 'NON', code, options, payload });
    return downloadRest(request, await uploadInBlocks(request, exchange), exchange);
  }

  ping(): Promise<boolean> {
    const id = this.#takeId();
    const datagram = emptyMessage('CON', id);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const end = (isAlive: boolean): void => {
      stop();
      this.#pingsById.delete(id);
      resolve(isAlive);
    };
    const stop = this.#sendAgain(datagram, () => end(false));
    this.#pingsById.set(id, end);
    this.#options.send(datagram);
    return promise;
  }

  answerPings(answers: boolean): void {
    this.#answersPings = answers;
  }

  close(): void {
    for (const token of [...this.#unansweredByToken.keys()])
      this.#settle(token)?.reject(new Error('the client is closed'));
    for (const end of [...this.#pingsById.values()]) end(false);
    this.#deadlines.close();
  }

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId = (id + 1) & 0xffff;
    return id;
  }

  #sendAgain(datagram: Buffer, giveUp: () => void): () => void {
    const { clock, send } = this.#options;
    return retransmit(this.#retransmit, clock.monotonic(), () => send(datagram), giveUp);
  }

  #exchange(message: Omit<CoapMessage, 'id' | 'token'>): Promise<CoapMessage> {
    const { clock, random } = this.#options;
    const id = this.#takeId();
    const token = random.bytes(8);
    const key = keyOf(token);
    const confirmable = message.type === 'CON';
    const datagram = encodeMessage({ ...message, id, token });
    const { promise, resolve, reject } = Promise.withResolvers<CoapMessage>();
    const giveUp = (): void => this.#settle(key)?.reject(new Error('the server does not answer'));
    const patience = createDeadline(giveUp);
    const stop = confirmable ? this.#sendAgain(datagram, giveUp) : (): void => {};
    this.#unansweredByToken.set(key, { id, confirmable, patience, stop, resolve, reject });
    this.#deadlines.set(patience, clock.monotonic() + this.#retransmit.timing.exchangeLifetimeMs);
    this.#options.send(datagram);
    return promise;
  }

  #settle(token: string): Unanswered | undefined {
    const asked = this.#unansweredByToken.get(token);
    if (asked === undefined) return undefined;
    this.#unansweredByToken.delete(token);
    asked.stop();
    this.#deadlines.clear(asked.patience);
    return asked;
  }

  #takeResponse(message: CoapMessage): void {
    const { type, id } = message;
    const token = keyOf(message.token);
    const asked = this.#unansweredByToken.get(token);
    if (type === 'ACK' && asked?.id !== id) return;
    if (type === 'CON') {
      const acknowledged = this.#acknowledgedIds;
      if (asked) acknowledged.add(id);
      if (acknowledged.size > maxRemembered) acknowledged.delete([...acknowledged][0] ?? id);
      this.#options.send(emptyMessage(acknowledged.has(id) ? 'ACK' : 'RST', id));
    }
    this.#settle(token)?.resolve(message);
  }

  /** An acknowledgement without an answer, or a reset. */
  #takeEmpty(type: CoapMessage['type'], id: number): void {
    this.#pingsById.get(id)?.(true);
    for (const [token, asked] of this.#unansweredByToken) {
      if (asked.id !== id || !asked.confirmable) continue;
      if (type === 'ACK') asked.stop();
      else this.#settle(token)?.reject(new Error('the server rejects the request'));
    }
  }
}

function keyOf(token: Uint8Array): string {
  return Buffer.from(token).toString('hex');
}
