import {
  ManualClock,
  RecordingSink,
  seededRandom,
  recordingLog,
  type LogLine,
  RecordingSender,
} from '@rollcall/conformance';
import { ScriptedRegistry, scriptedPasswords } from '@rollcall/conformance/registry';
import type { AdapterParts, AdapterRunSettings } from '../composition/adapter-parts.ts';
import { type Journal, createMemoryJournal } from '@rollcall/outbox';
import type { ProtocolAdapter } from '@rollcall/adapter-kit';

export interface ClosableParts {
  readonly parts: AdapterParts;
  readonly clock: ManualClock;
  readonly logged: readonly LogLine[];
  readonly sink: RecordingSink;
  /** Which parts were closed, in that order; also those that could not be. */
  readonly closed: readonly string[];
  /** Who listens to changes of the registry. */
  listeners(): number;
}

export interface ClosableFacts {
  readonly adapter: ProtocolAdapter;
  readonly journal?: Partial<Journal>;
  readonly registry?: Partial<AdapterParts['registry']>;
  readonly settings?: Partial<AdapterRunSettings>;
  readonly health?: AdapterParts['health'];
  readonly answer?: RecordingSink['answer'];
  /** Parts whose closing fails, with an error of their name. */
  readonly unclosable?: readonly string[];
}

/** For tests: parts of an adapter with everything that can be armed or left open, which say when they are closed. */
export function closableParts(facts: ClosableFacts): ClosableParts {
  const clock = new ManualClock();
  const log = recordingLog();
  const closed: string[] = [];
  let listeners = 0;
  /** As `part`, but it says when it is closed. */
  function closable<Part extends { close(): Promise<void> }>(name: string, part: Part): Part {
    const close = part.close.bind(part);
    return Object.assign(part, {
      async close() {
        closed.push(name);
        await close();
        if (facts.unclosable?.includes(name)) throw new Error(name);
      },
    });
  }
  const registry = new ScriptedRegistry();
  const onChange = registry.onChange.bind(registry);
  Object.assign(registry, {
    onChange(listener: Parameters<typeof onChange>[0]) {
      listeners += 1;
      const unsubscribe = onChange(listener);
      let isListening = true;
      return () => {
        unsubscribe();
        if (isListening) listeners -= 1;
        isListening = false;
      };
    },
    ...facts.registry,
  });
  const sink = new RecordingSink('events', facts.answer);
  const parts: AdapterParts = {
    adapter: facts.adapter,
    registry,
    passwords: scriptedPasswords(clock),
    sinks: [closable('logging sink', new RecordingSink('logging')), closable('events sink', sink)],
    sender: closable('sender', new RecordingSender()),
    journal: closable('journal', { ...createMemoryJournal(), ...facts.journal }),
    clock,
    random: seededRandom(1),
    log,
    ...(facts.health && { health: closable('health', facts.health) }),
    settings: {
      adapterId: 'adapter-in-test',
      exposeRemoteAddress: true,
      maxConnections: 1_000,
      maxMessagesPerSecond: 10,
      admission: { maxRunning: 200, maxWaiting: 10_000, maxWaitMs: 8_000 },
      commitWaitMs: 50,
      announceIntervalMs: 60_000,
      outbox: { maxEvents: 10_000, maxBytes: 10_000_000 },
      ...facts.settings,
    },
  };
  return { parts, clock, logged: log.lines, sink, closed, listeners: () => listeners };
}
