import { printable, type Basis, type DisconnectedEvent } from '@rollcall/core';
import type { HonoConnectionEvent } from '@rollcall/core/wire';

/** How the adapter knows that a device is there. */
export function basisInWords(basis: Basis): string {
  if (basis.kind === 'lease') return `lease of ${seconds(basis.intervalMs)} (${basis.from})`;
  return basis.detectWithinMs === null
    ? 'session, silence may go unnoticed'
    : `session, silence noticed within ${seconds(basis.detectWithinMs)}`;
}

/** How exactly it is known when a device left. An adapter that was busy may hear a goodbye late. */
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

/** What an event says that names no connection, as those of Hono's own adapters. */
export function saidInWords({ cause, source }: Pick<HonoConnectionEvent, 'cause' | 'source'>): string {
  return `seen over an adapter without connection ids: ${printable(source)} last said ${cause}`;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(durationMs < 10_000 ? 1 : 0)} s`;
}
