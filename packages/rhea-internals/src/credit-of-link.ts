import type rhea from 'rhea';
import { internalsOf } from './internals-of.ts';

/** How many more messages a peer of rhea may send on a link; `undefined` where there is no such link. */
export function creditOfLink(
  connection: rhea.Connection,
  channel: number,
  handle: number,
): number | undefined {
  return internalsOf(connection).remote_channel_map[channel]?.remote.handles[handle]?.credit;
}
