import { blockBytes, blockOption, readBlock, szxWithin, type Block } from '../block-option.ts';
import type { CoapClock } from '../coap-clock.ts';
import { coapCode, codeClass, formatCode, isResponseCode } from '../coap-code.ts';
import { noBytes, type CoapMessage, type CoapOption } from '../coap-message.ts';
import { coapOption } from '../coap-option.ts';
import { createDeadline, createDeadlines, type Deadline } from '../deadlines.ts';
import { decodeMessage } from '../decode-message.ts';
import { emptyMessage, encodeMessage } from '../encode-message.ts';
import { textOption } from '../option-values.ts';
import { retransmit } from '../retransmit.ts';
import { defaultTransmissionTiming, type TransmissionTiming } from '../transmission-timing.ts';

export interface CoapClientOptions {
  send(datagram: Buffer): void;
  readonly clock: CoapClock;
  readonly random: { next(): number; bytes(length: number): Uint8Array };
  readonly timing?: Partial<TransmissionTiming>;
}

export interface CoapClientRequest {
  /** The method; `coapCode.post` by default. */
  readonly code?: number;
  readonly confirmable?: boolean;
  readonly path?: readonly string[];
  readonly query?: readonly string[];
  readonly options?: readonly CoapOption[];
  /** Goes out in blocks where it is larger than `blockBytes`. */
  readonly payload?: Uint8Array;
  readonly blockBytes?: number;
}

/** One device and one server, for tests and load. Small, and as strict as it must be to tell a wrong answer from a right one. */
export interface CoapClient {
  receive(datagram: Uint8Array): void;
  /** The whole answer, its blocks put together. Rejects where there is none, or a reset. */
  request(request: CoapClientRequest): Promise<CoapMessage>;
  ping(): Promise<boolean>;
  /** Whether it answers pings, which it does to begin with. */
  answerPings(answers: boolean): void;
  close(): void;
}

interface Waiting {
  readonly id: number;
  readonly confirmable: boolean;
  readonly patience: Deadline;
  stop(): void;
  resolve(response: CoapMessage): void;
  reject(error: Error): void;
}

/** Ids of separate responses of which a copy may come. */
const maxRemembered = 256;

export function createCoapClient(options: CoapClientOptions): CoapClient {
  const { clock, send } = options;
  const random = (): number => options.random.next();
  const timing = { ...defaultTransmissionTiming, ...options.timing };
  const deadlines = createDeadlines(clock);
  /** By token. */
  const waiting = new Map<string, Waiting>();
  /** By message id. */
  const pings = new Map<number, (isAlive: boolean) => void>();
  const acknowledged = new Set<number>();
  let nextId = Math.floor(random() * 0x1_00_00);
  let answersPings = true;

  function takeId(): number {
    const id = nextId;
    nextId = (id + 1) & 0xffff;
    return id;
  }

  function again(datagram: Buffer, giveUp: () => void): () => void {
    return retransmit({ deadlines, random, timing }, clock.monotonic(), () => send(datagram), giveUp);
  }

  function settle(token: string): Waiting | undefined {
    const asked = waiting.get(token);
    if (asked === undefined) return undefined;
    waiting.delete(token);
    asked.stop();
    deadlines.clear(asked.patience);
    return asked;
  }

  /** One request, one response. */
  function exchange(
    code: number,
    confirmable: boolean,
    requestOptions: readonly CoapOption[],
    payload: Uint8Array,
  ): Promise<CoapMessage> {
    const id = takeId();
    const token = options.random.bytes(8);
    const name = nameOf(token);
    const type = confirmable ? 'CON' : 'NON';
    const datagram = encodeMessage({ type, code, id, token, options: requestOptions, payload });
    const { promise, resolve, reject } = Promise.withResolvers<CoapMessage>();
    const giveUp = (): void => settle(name)?.reject(new Error('nobody answers'));
    const patience = createDeadline(giveUp);
    const stop = confirmable ? again(datagram, giveUp) : (): void => {};
    waiting.set(name, { id, confirmable, patience, stop, resolve, reject });
    deadlines.set(patience, clock.monotonic() + timing.exchangeLifetimeMs);
    send(datagram);
    return promise;
  }

  async function upload(request: CoapClientRequest, base: readonly CoapOption[]): Promise<CoapMessage> {
    const { code = coapCode.post, confirmable = true, payload = noBytes } = request;
    let szx = szxWithin(request.blockBytes ?? 1_024);
    if (payload.length <= blockBytes(szx)) return exchange(code, confirmable, base, payload);
    for (let offset = 0; ;) {
      const size = blockBytes(szx);
      const more = offset + size < payload.length;
      const block = blockOption(coapOption.block1, { num: offset / size, more, szx });
      const part = payload.subarray(offset, offset + size);
      const response = await exchange(code, confirmable, [...base, block], part);
      if (!more || response.code !== coapCode.continue) return response;
      offset += size;
      szx = Math.min(szx, readBlock(response, coapOption.block1)?.szx ?? szx);
    }
  }

  async function download(
    { code = coapCode.post, confirmable = true }: CoapClientRequest,
    base: readonly CoapOption[],
    first: CoapMessage,
  ): Promise<CoapMessage> {
    const parts = [first.payload];
    let received = first.payload.length;
    for (let block: Block | undefined = readBlock(first, coapOption.block2); block?.more;) {
      const num = received / blockBytes(block.szx);
      const next = blockOption(coapOption.block2, { num, more: false, szx: block.szx });
      const response = await exchange(code, confirmable, [...base, next], noBytes);
      block = readBlock(response, coapOption.block2);
      if (codeClass(response.code) !== 2 || block?.num !== num) return response;
      parts.push(response.payload);
      received += response.payload.length;
    }
    return { ...first, payload: parts.length === 1 ? first.payload : Buffer.concat(parts) };
  }

  function receiveResponse(message: CoapMessage): void {
    const { type, id } = message;
    const name = nameOf(message.token);
    const asked = waiting.get(name);
    if (type === 'ACK' && asked?.id !== id) return;
    if (type === 'CON') {
      if (asked) acknowledged.add(id);
      if (acknowledged.size > maxRemembered) acknowledged.delete([...acknowledged][0] ?? id);
      send(emptyMessage(acknowledged.has(id) ? 'ACK' : 'RST', id));
    }
    settle(name)?.resolve(message);
  }

  return {
    receive(datagram) {
      const message = decodeMessage(datagram);
      if ('problem' in message) throw new Error(`the server sent what is no message: ${message.problem}`);
      const { type, code, id } = message;
      if (isResponseCode(code)) receiveResponse(message);
      else if (code !== coapCode.empty) throw new Error(`the server sent a request: ${formatCode(code)}`);
      else if (type === 'CON') {
        if (answersPings) send(emptyMessage('RST', id));
      } else {
        pings.get(id)?.(true);
        for (const [name, asked] of waiting) {
          if (asked.id !== id || !asked.confirmable) continue;
          if (type === 'ACK') asked.stop();
          else settle(name)?.reject(new Error('the server rejects the request'));
        }
      }
    },
    async request(request) {
      const { path = [], query = [] } = request;
      const base = [
        ...path.map((segment) => textOption(coapOption.uriPath, segment)),
        ...query.map((argument) => textOption(coapOption.uriQuery, argument)),
        ...(request.options ?? []),
      ];
      return download(request, base, await upload(request, base));
    },
    ping() {
      const id = takeId();
      const datagram = emptyMessage('CON', id);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const end = (isAlive: boolean): void => {
        stop();
        pings.delete(id);
        resolve(isAlive);
      };
      const stop = again(datagram, () => end(false));
      pings.set(id, end);
      send(datagram);
      return promise;
    },
    answerPings(answers) {
      answersPings = answers;
    },
    close() {
      for (const name of [...waiting.keys()]) settle(name)?.reject(new Error('the client is closed'));
      for (const end of [...pings.values()]) end(false);
      deadlines.close();
    },
  };
}

function nameOf(token: Uint8Array): string {
  return Buffer.from(token).toString('hex');
}
