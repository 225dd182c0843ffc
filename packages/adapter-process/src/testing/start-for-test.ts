import {
  ManualClock,
  RecordingSink,
  seededRandom,
  recordingLog,
  type LogLine,
  RecordingSender,
} from '@rollcall/conformance';
import { ScriptedRegistry, scriptedPasswords } from '@rollcall/conformance/registry';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { CreateDirectory, CreateUndertaker } from '@rollcall/core/directory';
import type { PasswordVerifier, Tenant } from '@rollcall/core/registry';
import type { AdapterParts, AdapterRunSettings, RunningAdapter } from '../composition/adapter-parts.ts';
import { type Journal, createMemoryJournal } from '@rollcall/outbox';
import { punctual } from '@rollcall/runtime';
import type { ListenAddress, ProtocolAdapter } from '@rollcall/adapter-kit';
import { startAdapter } from '../start-adapter.ts';

export interface AdapterInTest {
  readonly running: RunningAdapter;
  readonly address: ListenAddress;
  readonly clock: ManualClock;
  readonly registry: ScriptedRegistry;
  readonly sender: RecordingSender;
  readonly sink: RecordingSink;
  readonly logged: readonly LogLine[];
  /** Resolves once the sink has `count` events; rejects after five seconds with what it has. */
  events(count: number): Promise<readonly ConnectionEvent[]>;
}

export interface TestSetting {
  readonly tenant?: Partial<Tenant>;
  readonly settings?: Partial<AdapterRunSettings>;
  /** That of an adapter that ran before, to start again on. */
  readonly journal?: Journal;
  readonly clock?: ManualClock;
  readonly registry?: ScriptedRegistry;
  /** Default: {@link scriptedPasswords}. */
  readonly passwords?: PasswordVerifier;
  /** Joins a fleet; adapters of one fleet need a `seed` and an adapter id each. */
  readonly directory?: CreateDirectory;
  readonly undertaker?: CreateUndertaker;
  /** Of what it makes at random; default 1. */
  readonly seed?: number;
  /** Whether the adapter minds that its event loop is late, see `ManualClock.stall`. Default: it is always in time. */
  readonly watchLoop?: boolean;
  readonly observers?: AdapterParts['observers'];
  /** What the sink answers; default: it accepts everything. */
  readonly answer?: RecordingSink['answer'];
}

/** Runs an adapter on a manual clock, with a scripted registry, a recording sink and a recording sender. */
export async function startForTest(
  adapter: ProtocolAdapter,
  setting: TestSetting = {},
): Promise<AdapterInTest> {
  const clock = setting.clock ?? new ManualClock();
  const registry = setting.registry ?? new ScriptedRegistry(setting.tenant);
  const sender = new RecordingSender();
  const sink = new RecordingSink('recording', setting.answer);
  const log = recordingLog();
  const running = await startAdapter({
    adapter,
    registry,
    passwords: setting.passwords ?? scriptedPasswords(clock),
    sinks: [sink],
    sender,
    journal: setting.journal ?? createMemoryJournal(),
    clock,
    ...(setting.watchLoop !== true && { loop: punctual }),
    ...(setting.directory && { directory: setting.directory }),
    ...(setting.undertaker && { undertaker: setting.undertaker }),
    random: seededRandom(setting.seed ?? 1),
    log,
    ...(setting.observers && { observers: setting.observers }),
    settings: {
      adapterId: 'adapter-in-test',
      exposeRemoteAddress: true,
      maxConnections: 1_000,
      maxMessagesPerSecond: 0,
      admission: { maxRunning: 200, maxWaiting: 10_000, maxWaitMs: 8_000 },
      // No test waits for a refusal: the clock stands still.
      logins: { failureAnswerMs: 0, throttledAnswerMs: { least: 0, most: 0 }, isShared: () => false },
      commitWaitMs: 50,
      announceIntervalMs: 0,
      outbox: { maxEvents: 10_000, maxBytes: 10_000_000 },
      ...setting.settings,
    },
  });
  const [address] = running.listening;
  if (!address) throw new Error('the adapter listens nowhere');
  return {
    running,
    address,
    clock,
    registry,
    sender,
    sink,
    logged: log.lines,
    events: (count) => eventsOf(sink, count),
  };
}

async function eventsOf(sink: RecordingSink, count: number): Promise<readonly ConnectionEvent[]> {
  const patienceMs = 30_000;
  const givenUpAt = performance.now() + patienceMs;
  while (sink.events.length < count) {
    if (performance.now() > givenUpAt)
      throw new Error(`${sink.events.length} of ${count} events: ${JSON.stringify(sink.events)}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return sink.events;
}
