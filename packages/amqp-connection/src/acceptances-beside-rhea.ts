import type { RawConnection, RawSession, RawTransport } from '@rollcall/rhea-internals/client';
import { readAcceptance, type Acceptance } from './read-acceptance.ts';

/** Takes deliveries that the peer accepted and settled. @returns whether that was all; otherwise rhea gets the frame too. */
export type TakeAccepted = (first: number, last: number) => boolean;

const takers = new WeakMap<RawSession, TakeAccepted>();
const watched = new WeakSet<RawTransport>();
const headerBytes = 8;

/**
 * Reads the frames by which a peer accepts what a session sent. rhea would make a tree of objects of each frame, and for each
 * delivery in it an outcome, two contexts, and events on three levels. rhea gets all other frames, in their order.
 */
export function readAcceptancesBesideRhea(session: RawSession, take: TakeAccepted): void {
  takers.set(session, take);
  const { connection } = session;
  const { amqp_transport: transport } = connection;
  if (watched.has(transport)) return;
  watched.add(transport);
  const readAsRhea = transport.read.bind(transport);

  transport.read = (bytes, from) => {
    /** Where the bytes begin that rhea did not get yet. */
    let rest = 0;
    let at = 0;
    while (at + headerBytes <= bytes.length) {
      const end = at + bytes.readUInt32BE(at);
      if (end < at + headerBytes || end > bytes.length) break;
      const acceptance = readAcceptance(bytes, at, end);
      if (acceptance) {
        // rhea reads all whole frames, unless it stops reading.
        if (rest < at) rest += readAsRhea(bytes.subarray(rest, at), from);
        if (rest < at) return rest;
        if (hand(connection, acceptance)) rest = end;
      }
      at = end;
    }
    return rest === bytes.length ? rest : rest + readAsRhea(bytes.subarray(rest), from);
  };
}

function hand(connection: RawConnection, { channel, first, last }: Acceptance): boolean {
  const session = connection.remote_channel_map[channel];
  const take = session && takers.get(session);
  if (!take?.(first, last)) return false;
  // rhea forgets settled deliveries at the end of a turn.
  connection._register();
  return true;
}
