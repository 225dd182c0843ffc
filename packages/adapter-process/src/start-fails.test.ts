import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { anEvent, settled, type RecordingSink } from '@rollcall/conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { silentLog } from '@rollcall/core/environment';
import { afterEach, describe, expect, test } from 'vitest';
import { closableParts, type ClosableFacts } from './testing/closable-parts.ts';
import { startEarlyHealth } from './health/early-health.ts';
import type { Journal, OpenEntry, Recovered } from '@rollcall/outbox';
import type { AdapterHost, ProtocolAdapter, RunningProtocol } from '@rollcall/adapter-kit';
import { startAdapter } from './start-adapter.ts';
import { session, sessionTracker } from '@rollcall/presence';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Somebody else's, on a port that is taken. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const port = await takenPort();
  const server = servers.pop()?.close();
  if (server) await once(server, 'close');
  return port;
}

const tracker = sessionTracker<{ readonly type: 'accepted' | 'answered' }>({
  accepted: () => session.begins({ maxSilenceMs: 15_000, detectWithinMs: 15_000 }),
  answered: () => session.answered,
});

/** Opens a session that is watched for silence, and whose credentials expire. */
async function openSession(host: AdapterHost, ended: (reason: string) => void = () => {}) {
  const login = { username: 'thermostat-7@acme', password: Buffer.from(scriptedPassword) };
  const result = await host.access.authenticate({ ...login, remoteIp: '192.0.2.1' });
  if (result.status !== 'accepted') throw new Error('refused');
  const connection = host.presence.open(tracker, {
    identity: { ...result.identity, expiresAt: (host.context.clock.now() + 60_000) as never },
    remoteId: 'unit-1',
    protocol: 'test',
    onDisconnected: ({ reason }) => ended(reason),
  });
  connection.report({ type: 'accepted' });
  connection.report({ type: 'answered' });
}

const quiet: RunningProtocol = {
  listening: [],
  stopAccepting: async () => {},
  close: async () => {},
};
const starting = (start: ProtocolAdapter['start']): ProtocolAdapter => ({ type: 'hono-test', start });
const started = starting(async () => quiet);
const boom = new Error('out of order');
const broken = async (): Promise<never> => {
  throw boom;
};
// eslint-disable-next-line require-yield -- it fails before it has anything to give
async function* brokenPages(): AsyncGenerator<never> {
  throw boom;
}
async function* pagesOf<Page>(...pages: Page[]): AsyncGenerator<Page> {
  yield* pages;
}
const recovered = (facts: Partial<Recovered>): Partial<Journal> => ({
  recover: async () => ({ pending: () => pagesOf(), open: () => pagesOf(), rhythms: [], owed: [], ...facts }),
});
const openEntry = (basis: OpenEntry['event']['basis']): Partial<Recovered> => ({
  open: () => pagesOf([{ event: anEvent('e-1', { basis }) }]),
});
const lease = { kind: 'lease', intervalMs: 60_000, source: 'default' } as never;

describe('an adapter that cannot start', () => {
  const failures: readonly (readonly [string, ClosableFacts])[] = [
    ['the journal cannot be opened', { adapter: started, journal: { recover: broken } }],
    [
      'what an earlier run could not send cannot be read',
      { adapter: started, journal: recovered({ pending: brokenPages }) },
    ],
    [
      'what an earlier run left open cannot be read',
      { adapter: started, journal: recovered({ open: brokenPages }) },
    ],
    [
      'the registry throws when sessions of an earlier run end',
      {
        adapter: started,
        journal: recovered(openEntry({ kind: 'session', detectWithinMs: null })),
        registry: { getTenant: broken },
      },
    ],
    [
      'the registry throws when leases of an earlier run are taken up',
      { adapter: started, journal: recovered(openEntry(lease)), registry: { getTenant: broken } },
    ],
    ['the protocol cannot start', { adapter: starting(broken) }],
    [
      'the protocol cannot go on after it let a device in',
      {
        adapter: starting(async (host) => {
          await openSession(host);
          host.context.turnedAway('pending', '192.0.2.1');
          throw boom;
        }),
      },
    ],
  ];

  test.each(failures)('closes everything that it was given, in reverse order: %s', async (_what, facts) => {
    const health = await startEarlyHealth({ host: '127.0.0.1', port: 0, log: silentLog });
    const { parts, clock, closed, listeners, logged } = closableParts({ ...facts, health });
    await expect(startAdapter(parts)).rejects.toBe(boom);
    expect(closed).toEqual(['events sink', 'logging sink', 'journal', 'sender', 'health']);
    expect([clock.armed, listeners()]).toEqual([0, 0]);
    await expect(fetch(`http://127.0.0.1:${health.port}/liveness`)).rejects.toThrow('fetch failed');
    // What its next run will send again is not lost.
    expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('closes everything where its health port is taken', async () => {
    const port = await takenPort();
    const settings = { health: { host: '127.0.0.1', port } };
    const { parts, clock, closed, listeners } = closableParts({ adapter: started, settings });
    await expect(startAdapter(parts)).rejects.toThrow(`health port 127.0.0.1:${port} cannot be bound`);
    expect(closed).toEqual(['events sink', 'logging sink', 'journal', 'sender']);
    expect([clock.armed, listeners()]).toEqual([0, 0]);
  });

  test('gives its health port back', async () => {
    let port: number;
    let problem: unknown;
    do {
      port = await freePort();
      const settings = { health: { host: '127.0.0.1', port } };
      const { parts } = closableParts({ adapter: starting(broken), settings });
      problem = await startAdapter(parts).catch((error: unknown) => error);
      // Another process may have got it meanwhile.
    } while (String(problem).includes('cannot be bound'));
    expect(problem).toBe(boom);
    await expect(fetch(`http://127.0.0.1:${port}/liveness`)).rejects.toThrow('fetch failed');
  });

  test('closes the rest, and says why it could not start, where a part cannot be closed', async () => {
    const { parts, closed, clock, logged } = closableParts({
      adapter: starting(broken),
      unclosable: ['events sink', 'journal'],
    });
    await expect(startAdapter(parts)).rejects.toBe(boom);
    expect(closed).toEqual(['events sink', 'logging sink', 'journal', 'sender']);
    expect(clock.armed).toBe(0);
    expect(logged).toContainEqual({
      level: 'error',
      facts: {
        err: new AggregateError(
          [new Error('events sink'), new Error('journal')],
          'Error: events sink; Error: journal',
        ),
      },
      message: 'a part that had started could not be closed',
    });
  });
});

describe('a stop in which something fails', () => {
  const away = { status: 'retryable', cause: new Error('away') } as const;

  interface StopFacts {
    readonly protocol?: Partial<RunningProtocol>;
    readonly unclosable?: readonly string[];
    readonly answer?: RecordingSink['answer'];
    readonly drainPerSecond?: number;
  }

  async function stopping(facts: StopFacts) {
    const ended: string[] = [];
    const health = await startEarlyHealth({ host: '127.0.0.1', port: 0, log: silentLog });
    const { unclosable, answer, drainPerSecond = 0 } = facts;
    const given = closableParts({
      adapter: starting(async (host) => {
        await openSession(host, (reason) => ended.push(reason));
        return { ...quiet, ...facts.protocol };
      }),
      health,
      settings: { drainPerSecond },
      ...(unclosable && { unclosable }),
      ...(answer && { answer }),
    });
    const running = await startAdapter(given.parts);
    const stop = running.stop({ graceMs: 5_000 }).then(
      () => undefined,
      (error: unknown) => error,
    );
    await settled();
    return { ...given, running, ended, stop };
  }

  const all = ['events sink', 'logging sink', 'journal', 'sender', 'health'];
  const failures: readonly (readonly [string, StopFacts, Error])[] = [
    ['the protocol goes on accepting', { protocol: { stopAccepting: broken } }, boom],
    ['the protocol cannot be closed', { protocol: { close: broken } }, boom],
    ...all.map((name) => [`${name} cannot be closed`, { unclosable: [name] }, new Error(name)] as const),
    [
      'several steps fail',
      { protocol: { stopAccepting: broken }, unclosable: ['journal'] },
      new AggregateError([boom, new Error('journal')], 'Error: out of order; Error: journal'),
    ],
    [
      'it drains, and the protocol goes on accepting',
      { protocol: { stopAccepting: broken }, drainPerSecond: 1 },
      boom,
    ],
  ];
  test.each(failures)('ends sessions and closes the rest: %s', async (_what, facts, thrown) => {
    const { clock, closed, listeners, ended, sink, stop, running } = await stopping(facts);
    await clock.advanceAsync(5_000);
    expect(await stop).toEqual(thrown);
    expect(ended).toEqual(['adapter-shutdown']);
    expect(sink.events.map(({ type }) => type)).toEqual(['connected', 'disconnected']);
    expect(closed).toEqual(all);
    expect([clock.armed, listeners(), running.lost]).toEqual([0, 0, []]);
  });

  test('says what is lost all the same', async () => {
    const { clock, running, stop, logged } = await stopping({
      answer: () => away,
      protocol: { close: broken },
      unclosable: ['events sink'],
    });
    await clock.advanceAsync(5_000);
    expect(await stop).toBeInstanceOf(AggregateError);
    const lost = { sink: 'events', events: 2, disconnected: 1 };
    expect(running.lost).toEqual([lost]);
    expect(logged).toContainEqual({
      level: 'error',
      facts: lost,
      message: 'events are lost: they were not confirmed, and the journal does not have them',
    });
  });

  test('is one stop, however often it is asked for', async () => {
    const { clock, running, closed, stop } = await stopping({ unclosable: ['sender'] });
    const again = running.stop({ graceMs: 0 });
    await clock.advanceAsync(5_000);
    await expect(again).rejects.toEqual(await stop);
    expect(closed).toEqual(all);
  });
});
