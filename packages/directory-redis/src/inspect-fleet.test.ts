import { ManualClock, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { Engine, EngineListener } from './engine/engine.ts';
import { inspectFleet } from './inspect-fleet.ts';
import { deathText } from './wire/death.ts';
import { identityText } from './wire/identity.ts';
import { keyNames } from './wire/key-names.ts';
import { shortId } from './wire/short-id.ts';

const keys = keyNames('test:');
const [living, lost, gone, foreign] = ['living', 'lost', 'gone', 'foreign'].map(shortId) as [
  string,
  string,
  string,
  string,
];
const epoch = '0'.repeat(16);
const death = { declaredAtMs: 50_000, aliveAtMs: 40_000, unconfirmedSince: epoch };

const hashes: Readonly<Record<string, readonly string[]>> = {
  [keys.leases]: [living, `1 7 59000 ${epoch}`, foreign, 'what somebody else wrote'],
  [keys.deaths]: [
    lost,
    deathText({ ...death, state: 'owed' }),
    gone,
    deathText({ ...death, state: 'settled' }),
  ],
  [keys.instances]: [living, lost, gone, foreign].flatMap((short) => [
    short,
    identityText({ type: 'mqtt', id: `of-${short}` }),
  ]),
};
/** How many endings are in the hashes of the buckets. */
const owed: Readonly<Record<string, number>> = {
  [keys.owedBy(3) + lost]: 2,
  [keys.owedBy(900) + lost]: 5,
  [keys.noted(7) + lost]: 3,
};
const sections: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  server: [
    ['redis_version', '7.0.15'],
    ['redis_mode', 'standalone'],
    ['server_time_usec', '60000999'],
  ],
  memory: [
    ['used_memory', '2000000'],
    ['maxmemory_policy', 'noeviction'],
  ],
};

/** An engine that holds the fleet above. */
function scripted(
  read: Engine['read'] = readFleetAbove,
  info = (section: string) => Promise.resolve(new Map(sections[section])),
) {
  const asked: string[] = [];
  let isClosed = false;
  let listener: EngineListener | undefined;
  const clock = new ManualClock();
  const engine = {
    read(command: Parameters<Engine['read']>[0], key: string) {
      asked.push(key);
      return read(command, key);
    },
    info,
    close: () => void (isClosed = true),
  } as unknown as Engine;
  const overview = inspectFleet(
    keys,
    (listens) => {
      listener = listens;
      return engine;
    },
    clock,
  );
  return { clock, overview, asked, isClosed: () => isClosed, listener: () => listener as EngineListener };
}

function readFleetAbove(command: string, key: string): Promise<unknown> {
  if (command === 'HGETALL') return Promise.resolve(hashes[key]);
  if (command === 'HVALS') return Promise.resolve(key === keys.counted(living) ? ['20', '1'] : []);
  return Promise.resolve(owed[key] ?? 0);
}

test('the answer has the engine, the living instances with their connections, and the dead with what they are owed', async () => {
  const { overview, listener, isClosed, asked } = scripted();
  listener().commandsReady();
  expect(await overview).toEqual({
    engine: {
      description: 'Redis 7.0.15, standalone',
      answerMs: 0,
      memoryBytes: 2_000_000,
      evictionPolicy: 'noeviction',
    },
    instances: [
      { identity: identityOf(living, 'living'), state: 'living', connections: 21, silentMs: 1_000 },
      { identity: identityOf(lost, 'lost'), ...dead, connections: 10, endings: 'owed' },
      { identity: identityOf(gone, 'gone'), ...dead, connections: 0, endings: 'settled' },
    ],
  });
  expect(isClosed()).toBe(true);
  expect(
    asked.filter((key) => key.endsWith(gone)),
    'nothing is counted where nothing is owed',
  ).toEqual([]);
});

test('an engine that does not say what it is is not called anything', async () => {
  const { overview, listener } = scripted(readFleetAbove, () => Promise.reject(new Error('NOPERM')));
  listener().commandsReady();
  expect((await overview).engine).toEqual({ description: 'Redis of unknown version', answerMs: 0 });
});

const dead = { state: 'dead', aliveAt: 40_000, declaredAt: 50_000 };
const identityOf = (short: string, instance: string) => ({ type: 'mqtt', id: `of-${short}`, instance });

test('an engine that cannot be reached is given up on after 5 s, with the cause', async () => {
  const { overview, listener, clock, isClosed } = scripted();
  const outcome = overview.catch((error: unknown) => error);
  listener().commandsLost(new Error('connect ECONNREFUSED'));
  await clock.advanceAsync(4_999);
  expect(isClosed()).toBe(false);
  await clock.advanceAsync(1);
  expect(await outcome).toMatchObject({
    message: 'the connection directory did not answer: connect ECONNREFUSED',
  });
  expect(isClosed()).toBe(true);
});

test.each(['HVALS', 'HLEN'])(
  'connections that cannot be counted do not count as none: %s is not answered',
  async (command) => {
    const { overview, listener } = scripted((asked, key) =>
      asked === command ? Promise.reject(new Error('CLUSTERDOWN')) : readFleetAbove(asked, key),
    );
    const outcome = overview.catch((error: unknown) => error);
    listener().commandsReady();
    await settled();
    expect(await outcome).toMatchObject({ message: 'the connection directory did not answer: CLUSTERDOWN' });
  },
);

test('an engine that refuses to list the fleet is given up on at once, with its error', async () => {
  const noPermission = Object.assign(new Error('NOPERM this user has no permissions'), {
    name: 'ReplyError',
  });
  const { overview, listener, isClosed } = scripted(() => Promise.reject(noPermission));
  const outcome = overview.catch((error: unknown) => error);
  listener().commandsReady();
  await settled();
  expect(await outcome).toMatchObject({
    message: 'the connection directory did not answer: NOPERM this user has no permissions',
  });
  expect(isClosed()).toBe(true);
});
