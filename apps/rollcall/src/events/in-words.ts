import type { Basis, DisconnectedEvent } from '@rollcall/core/events';
import { printable } from '@rollcall/core/text';
import type { HonoConnectionEvent } from '@rollcall/hono-wire';

/** How the adapter knows that a device is connected. */
export function basisInWords(basis: Basis): string {
  if (basis.kind === 'lease') return `lease of ${seconds(basis.intervalMs)} (${basis.from})`;
  return basis.detectWithinMs === null
    ? 'session, silence may go unnoticed'
    : `session, silence noticed within ${seconds(basis.detectWithinMs)}`;
}

/** How exactly the time of a device's end is known. A busy adapter may notice a goodbye late. */
export function howKnown({
  at,
  lastSeen,
  uncertaintyMs,
}: Pick<DisconnectedEvent, 'at' | 'lastSeen' | 'uncertaintyMs'>): string {
  if (uncertaintyMs === 0) return 'known exactly';
  return lastSeen === at
    ? `known within ${seconds(uncertaintyMs)}`
    : `last seen ${seconds(uncertaintyMs)} before`;
}

/** What an event without connection id says. Events of Hono's own adapters have none. */
export function saidInWords({ cause, source }: Pick<HonoConnectionEvent, 'cause' | 'source'>): string {
  return `seen over an adapter without connection ids: ${printable(source)} last said ${cause}`;
}

/** The same for a narrow terminal, in fewer words. */
export function shortWords(text: string): string {
  return shorter.reduce((said, [long, short]) => said.replace(long, short), text);
}

const shorter: readonly (readonly [string, string])[] = [
  ['session, silence noticed within ', 'silence <= '],
  ['session, silence may go unnoticed', 'silence unseen'],
  ['its adapter tells nothing of it any more', 'adapter silent'],
  ['seen over an adapter without connection ids: ', ''],
  ['known exactly', 'exact'],
  ['known within ', 'within '],
  ['last seen ', 'seen '],
];

function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(durationMs < 10_000 ? 1 : 0)} s`;
}
