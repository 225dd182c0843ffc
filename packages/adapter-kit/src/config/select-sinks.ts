import type { EventSink } from '@rollcall/core';

/** Makes the sinks that the configuration names; `none` makes none. */
export function selectSinks(
  producers: readonly ('logging' | 'events' | 'none')[],
  factories: Readonly<Record<'logging' | 'events', () => EventSink>>,
): readonly EventSink[] {
  return [...new Set(producers)].flatMap((producer) => (producer === 'none' ? [] : [factories[producer]()]));
}
