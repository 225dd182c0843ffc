import type { EntryChange } from './registry-entries.ts';

/** The most changes in a slice, and their most characters: a slice is received and applied in one turn of the event loop. */
const maxChanges = 200;
const maxLength = 200_000;

/** Cuts changes into slices that are quickly applied. */
export function* slicesOf(changes: readonly EntryChange[]): Generator<readonly EntryChange[]> {
  let slice: EntryChange[] = [];
  let length = 0;
  for (const change of changes) {
    const own = change[3]?.length ?? 0;
    if (slice.length > 0 && (slice.length >= maxChanges || length + own > maxLength)) {
      yield slice;
      slice = [];
      length = 0;
    }
    slice.push(change);
    length += own;
  }
  if (slice.length > 0) yield slice;
}
