import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Client } from 'aedes';
import type { Packet } from 'mqtt-packet';

/**
 * What the adapter uses of aedes beyond its typings. `aedes-internals.test.ts` pins each of them, so that an upgrade that
 * changes one fails there and not in the field.
 */
interface ClientInternals {
  readonly conn: Socket | TLSSocket;
  readonly closed: boolean;
  readonly connackSent: boolean;
  /** Emits `packet` for every control packet parsed, before it is handled. */
  readonly _parser: EventEmitter;
  /** Goes into the CONNACK as Server Keep Alive, and into aedes' own timer. */
  _serverKeepAlive?: number;
  /** Makes the CONNACK tell the session expiry that really holds. */
  _sessionExpiryClamped: boolean;
  subscriptions: object;
}

/** The same client, seen from inside. */
export function internalsOf(client: Client): ClientInternals {
  return client as unknown as ClientInternals;
}

/** Calls `listener` with every control packet of the client, before aedes handles it. */
export function onPacket(client: Client, listener: (packet: Packet) => void): void {
  internalsOf(client)._parser.prependListener('packet', listener);
}

/** Calls `listener` when the client's bytes are no MQTT, before aedes cuts the connection. */
export function onParseError(client: Client, listener: (error: Error) => void): void {
  internalsOf(client)._parser.prependListener('error', listener);
}
