import { ConfigError } from '@rollcall/core';
import type { EventSink, SinkContext } from '@rollcall/core/sink';
import { loadSink } from './load-sink.ts';

/**
 * Makes the sinks that the configuration names: by a word, or by the module that makes them. `none` makes none. Where one cannot be made, the others are closed.
 *
 * @throws ConfigError where a module cannot be used, or two sinks have one name.
 */
export async function selectSinks(
  producers: readonly string[],
  factories: Readonly<Record<'logging' | 'events', () => EventSink>>,
  context: SinkContext,
): Promise<readonly EventSink[]> {
  const sinks: EventSink[] = [];
  try {
    for (const producer of new Set(producers)) {
      if (producer === 'none') continue;
      const sink =
        producer === 'logging' || producer === 'events'
          ? factories[producer]()
          : await loadSink(producer, context);
      const isTaken = sinks.some(({ name }) => name === sink.name);
      sinks.push(sink);
      if (isTaken)
        throw new ConfigError([
          {
            code: 'SINK_UNUSABLE',
            text: `ROLLCALL_CONNECTIONEVENTS_PRODUCER: ${producer}: there is another sink called ${sink.name}`,
          },
        ]);
    }
  } catch (error) {
    await Promise.allSettled(sinks.map((sink) => sink.close()));
    throw error;
  }
  return sinks;
}
