import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Client } from 'aedes';
import type { ISubscribePacket, Packet } from 'mqtt-packet';
import { bytesPerTurn } from './read-in-turns.ts';
import { readStrictly, type PacketParser } from './strict-parser.ts';

/**
 * What the adapter uses of aedes' clients beyond their typings. `aedes-internals.test.ts` tests each use, so that an upgrade that
 * changes one fails there and not in the field.
 *
 * The other files of this folder are what changes aedes: `lean-client.ts` makes its clients, `strict-parser.ts` has its parser refuse
 * what the specification forbids, `read-in-turns.ts` bounds what it reads of a socket at once, and `silent-broker.ts` has it deliver
 * nothing.
 */
interface ClientInternals {
  readonly conn: Socket | TLSSocket;
  readonly closed: boolean;
  connackSent: boolean;
  connecting: boolean;
  connected: boolean;
  /** Emits `packet` for every control packet parsed, before it is handled. */
  readonly _parser: PacketParser;
  /** How many packets it handles. */
  _parsingBatch: number;
  readonly _paused?: boolean;
  /** Reads on, unless it is paused, or has packets to handle. */
  _nextBatch(): void;
  pause(): void;
  resume(): void;
  subscriptions: object;
}

/** The same client, seen from inside. */
export function internalsOf(client: Client): ClientInternals {
  return client as unknown as ClientInternals;
}

/** The packet that the client has begun to send, as far as it is read. */
export function packetBegun(client: Client): PacketParser['packet'] {
  return internalsOf(client)._parser.packet;
}

/** Whether aedes reads some of the bytes that arrive now later than in this turn of the event loop. */
export function readsLater(client: Client, { length }: Uint8Array): boolean {
  const { conn, _parsingBatch: handling, _paused: isHeldBack = false } = internalsOf(client);
  return isHeldBack || handling > 0 || conn.readableLength > 0 || length > bytesPerTurn;
}

/** Calls `listener` with every control packet of the client, before aedes handles it. */
export function onPacket(client: Client, listener: (packet: Packet) => void): void {
  internalsOf(client)._parser.prependListener('packet', listener);
}

/** Calls `listener` when the client's bytes are no MQTT, before aedes cuts the connection. */
export function onParseError(client: Client, listener: (error: Error) => void): void {
  internalsOf(client)._parser.prependListener('error', listener);
}

/**
 * Has nothing more read of the client: until {@link beginSession} while its CONNECT is looked at, since aedes reads on until the next
 * turn of the event loop, and handles at once what it reads meanwhile; else until {@link readOn}.
 */
export function holdBack(client: Client): void {
  internalsOf(client).pause();
}

/** Has more read of a client that was held back. What it handled meanwhile was not counted. */
export function readOn(client: Client): void {
  const internals = internalsOf(client);
  internals._parsingBatch = 1;
  internals.resume();
}

/**
 * The device was let in, and its CONNACK written: from now on aedes handles its packets, those first that came before. To be called
 * instead of the callback of `authenticate`, behind which aedes would look for a session, look after silence, and stream what it
 * kept for the device: for a broker that keeps nothing, that was a tenth of what a connect costs. Who is silent for too long, the
 * tracker decides: aedes does not know that the process stood still, and would cut devices whose packets wait to be read.
 */
export function beginSession(client: Client): void {
  const internals = internalsOf(client);
  internals.connackSent = true;
  internals.connecting = false;
  internals.connected = true;
  internals.resume();
  client.emit('connected');
  // The CONNECT is done with.
  internals._nextBatch();
}

/** Has the client's bytes read as {@link readStrictly} does. */
export function readStrictlyOf(client: Client): void {
  readStrictly(internalsOf(client)._parser);
}

/** Has the UNSUBACK of MQTT 5.0 that follows say that there was a subscription to this filter. aedes knows of none. */
export function knowSubscription(client: Client, filter: string): void {
  const known = internalsOf(client).subscriptions as Record<string, { readonly func: () => void }>;
  known[filter] = { func: () => {} };
}

const shared = '$share/';

/**
 * Has the SUBACK say something of each filter, in their order [MQTT-3.9.3-1]. aedes makes the filters names of properties: equal ones
 * become one, those that are numbers go first, and `__proto__` is none. A number of ours before each keeps them apart; what is
 * wrong with a filter, and that it is shared, is seen behind it too.
 */
export function keepFiltersApart({ subscriptions }: ISubscribePacket): void {
  for (const [index, subscription] of subscriptions.entries()) {
    const { topic } = subscription;
    const own = subscription as { topic: string };
    own.topic = topic.startsWith(shared)
      ? `${shared}${index}/${topic.slice(shared.length)}`
      : `${index}/${topic}`;
  }
}

/** Has aedes read what arrived, whether or not it has handled what came before. Also where the connection is gone. */
export function readWhatArrived(client: Client): void {
  const { conn, closed, _parser: parser } = internalsOf(client);
  const bytes = closed ? null : (conn.read() as Uint8Array | null);
  if (bytes) parser.parse(bytes);
}
