import type { CoapClock } from '../endpoint/coap-clock.ts';
import { coapCode, formatCode } from '../wire/coap-code.ts';
import { createCoapEndpoint, type CoapEndpoint } from '../endpoint/coap-endpoint.ts';
import type { CoapEndpointOptions } from '../endpoint/endpoint-options.ts';
import type { CoapRequest } from '../endpoint/coap-request.ts';
import { noBytes, type CoapMessage } from '../wire/coap-message.ts';
import { decodeMessage } from '../wire/decode-message.ts';
import { encodeMessage } from '../wire/encode-message.ts';

/** An endpoint, what it sends, and the requests that its handler gets. */
export interface EndpointBed {
  readonly endpoint: CoapEndpoint<string>;
  readonly handled: readonly CoapRequest<string>[];
  /** A peer sends a message: a confirmable POST unless the facts say otherwise. */
  say(facts?: Partial<CoapMessage>, peer?: string, path?: string): void;
  /** What was sent since the last call. */
  sent(): SentMessage[];
  /** The same, as `ACK 2.04 #7`. */
  sentInShort(): string[];
}

export interface SentMessage extends CoapMessage {
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** Always gives the same values. */
export const noRandom = { next: () => 0, bytes: (length: number) => new Uint8Array(length) };

export function createEndpointBed(
  clock: CoapClock,
  options: Partial<CoapEndpointOptions<string>> = {},
): EndpointBed {
  const handled: CoapRequest<string>[] = [];
  let sent: SentMessage[] = [];
  const endpoint = createCoapEndpoint<string>({
    clock,
    random: noRandom,
    ...options,
    send(datagram, to) {
      const bytes = Uint8Array.from(datagram);
      const message = decodeMessage(bytes);
      if ('problem' in message) throw new Error(`the endpoint sends what is no message: ${message.problem}`);
      sent.push({ ...message, to, bytes });
    },
    handle(request) {
      handled.push(request);
      return options.handle ? options.handle(request) : { code: coapCode.changed };
    },
  });

  function takeSent(): SentMessage[] {
    const taken = sent;
    sent = [];
    return taken;
  }

  return {
    endpoint,
    handled,
    say: (facts, peer = 'device', path) => endpoint.receive(encodeMessage(aMessage(facts)), peer, path),
    sent: takeSent,
    sentInShort: () => takeSent().map(({ type, code, id }) => `${type} ${formatCode(code)} #${id}`),
  };
}

/** A confirmable POST. */
export function aMessage(facts: Partial<CoapMessage> = {}): CoapMessage {
  return {
    type: 'CON',
    code: coapCode.post,
    id: 1,
    token: Uint8Array.of(0xab),
    options: [],
    payload: noBytes,
    ...facts,
  };
}

/** A message without content. */
export function anEmpty(type: CoapMessage['type'], id: number): CoapMessage {
  return aMessage({ type, id, code: coapCode.empty, token: noBytes });
}
