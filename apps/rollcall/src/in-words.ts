import type { Basis } from '@rollcall/core';

/** Text of others, safe for a terminal: control characters could move the cursor, or worse. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

/** How the adapter knows that a device is there. */
export function basisInWords(basis: Basis): string {
  if (basis.kind === 'lease') return `lease of ${seconds(basis.intervalMs)} (${basis.from})`;
  return basis.detectWithinMs === null
    ? 'session, silence may go unnoticed'
    : `session, silence noticed within ${seconds(basis.detectWithinMs)}`;
}

/** How exactly it is known when a device left. */
export function howKnown({ uncertaintyMs }: { readonly uncertaintyMs: number }): string {
  return uncertaintyMs === 0 ? 'known exactly' : `last seen ${seconds(uncertaintyMs)} before`;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(durationMs < 10_000 ? 1 : 0)} s`;
}
