import type rhea from 'rhea';
import { internalsOf, receiverOf } from './internals-of.ts';

/**
 * Drops what rhea has of the delivery that is under way on a link of the peer, whose next transfer is handed on without payload.
 * The session goes on giving its peer room for more: rhea looks at that only when it writes.
 *
 * @returns the link; `undefined` where there is none.
 */
export function discardUnfinished(
  connection: rhea.Connection,
  channel: number,
  handle: number,
): rhea.Receiver | undefined {
  const raw = internalsOf(connection);
  const link = raw.remote_channel_map[channel]?.remote.handles[handle];
  if (!link) return undefined;
  // Of an empty list rhea makes a message without sections.
  if (link._incomplete) link._incomplete.frames.length = 0;
  raw._register();
  return receiverOf(link);
}
