import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ManualClock,
  RecordingSink,
  seededRandom,
  recordingLog,
  RecordingSender,
} from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import { ScriptedRegistry, scriptedPasswords } from '@rollcall/conformance/registry';
import { ConfigError } from '@rollcall/core';
import type { PublishingSignal } from '@rollcall/core/directory';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { ResourceStack } from '@rollcall/runtime';
import { optional } from '@rollcall/options';
import { text } from '@rollcall/options/formats';
import { loadConfig } from '../config/load-config.ts';
import { startHealthServer } from '../health/health-server.ts';
import type { DirectoryModule } from '@rollcall/directory-module';
import type { MessagingModule } from '@rollcall/messaging-module';
import type { RunningProtocol } from '@rollcall/adapter-kit';
import type { Composition } from './run-adapter-process.ts';
import { startConfigured } from './start-configured.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-start-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const boom = new Error('out of order');
const fail = (): never => {
  throw boom;
};

/** A process that is about to start, with everything that it can open. */
function given(
  env: Readonly<Record<string, string>> = {},
  facts: Partial<Composition> & {
    readonly stopAccepting?: RunningProtocol['stopAccepting'];
    readonly createMessaging?: MessagingModule['create'];
    readonly createEngine?: DirectoryModule['create'];
  } = {},
) {
  const clock = new ManualClock();
  const log = recordingLog();
  const closed: string[] = [];
  const closable = <Part extends object>(name: string, part: Part) =>
    Object.assign(part, { close: async () => void closed.push(name) });
  const carrier: MessagingModule = {
    name: 'carrier',
    options: { host: optional('CARRIER_HOST', text, 'where to') },
    chosenBy: 'CARRIER_HOST',
    problems: () => [],
    inForce: () => [],
    tenantRules: () => [],
    create:
      facts.createMessaging ??
      (() => ({
        eventsSink: () => closable('events sink', new RecordingSink('events')),
        sender: closable('sender', new RecordingSender()),
      })),
  };
  const loft: DirectoryModule = {
    name: 'loft',
    options: { url: optional('DIRECTORY_URL', text, 'where the loft is') },
    chosenBy: 'DIRECTORY_URL',
    problems: () => [],
    create: facts.createEngine ?? fail,
  };
  const composition: Composition = {
    adapter: {
      type: 'hono-test',
      start: async () =>
        closable('protocol', { listening: [], stopAccepting: facts.stopAccepting ?? (async () => {}) }),
    },
    maxConnections: 10,
    openRegistry: async () => closable('registry', new ScriptedRegistry()),
    createPasswords: () => closable('passwords', scriptedPasswords(clock)),
    createLoggerSink: () => closable('logging sink', new RecordingSink('logging')),
    ...facts,
  };
  const config = loadConfig(
    {},
    {
      ROLLCALL_REGISTRY_FILE: 'registry.yaml',
      ROLLCALL_CARRIER_HOST: 'localhost',
      ROLLCALL_HEALTH_PORT: '0',
      ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'logging,events',
      ROLLCALL_JOURNAL_DIRECTORY: directory,
      ...env,
    },
    { messaging: [carrier], directories: [loft] },
  );
  const resources = new ResourceStack();
  const looks: (() => void)[] = [];
  const start = () =>
    startConfigured(config, composition, { clock, random: seededRandom(1), log }, resources, (look) =>
      looks.push(look),
    );
  const lookNow = (): void => looks.forEach((look) => look());
  return { start, resources, clock, closed, lookNow };
}

const sinks = ['events sink', 'logging sink'];

test.each([
  ['the registry cannot be read', { openRegistry: async () => fail() }, []],
  ['passwords cannot be verified', { createPasswords: fail }, ['registry']],
  ['messaging cannot be set up', { createMessaging: fail }, ['passwords', 'registry']],
  ['a sink cannot be made', { createLoggerSink: fail }, ['sender', 'passwords', 'registry']],
  [
    'the protocol cannot start',
    { adapter: { type: 'hono-test', start: async () => fail() } },
    [...sinks, 'sender', 'passwords', 'registry'],
  ],
] as const)('what was opened is closed in reverse order where %s', async (_what, facts, expected) => {
  const { start, resources, clock, closed } = given({}, facts);
  await expect(start()).rejects.toBe(boom);
  await resources.disposeAsync();
  expect(closed).toEqual(expected);
  expect(clock.armed).toBe(0);
});

test.each([
  ['the engine of the fleet cannot be used', fail, []],
  [
    'the fleet cannot be joined',
    () => ({ join: fail, createUndertaker: fail, inspect: fail, askForAnnouncements: fail }),
    sinks,
  ],
] as const)('what was opened is closed where %s', async (_what, createEngine, andSinks) => {
  const { start, resources, clock, closed } = given({ ROLLCALL_DIRECTORY_URL: 'loft:x' }, { createEngine });
  await expect(start()).rejects.toBe(boom);
  await resources.disposeAsync();
  expect(closed.toSorted(byText)).toEqual([...andSinks, 'sender', 'passwords', 'registry'].toSorted(byText));
  expect(clock.armed).toBe(0);
});

test('an adapter joins the fleet that the configuration names, and leaves it', async () => {
  const fleet = new MemoryFleet(new ManualClock());
  const created: unknown[] = [];
  const watched: string[] = [];
  const { start, resources } = given(
    { ROLLCALL_DIRECTORY_URL: 'loft:x', ROLLCALL_DIRECTORY_DEADAFTER: '4000' },
    {
      observers: [{ watch: (part) => watched.push(part) }],
      createEngine: (values) => ({
        join(context) {
          created.push(values, context.deadAfterMs);
          return fleet.create(context);
        },
        createUndertaker: fleet.createUndertaker,
        inspect: fail,
        askForAnnouncements: fail,
      }),
    },
  );
  const running = await start();
  expect(created).toEqual([{ url: 'loft:x' }, 4_000]);
  expect([...fleet.engine.members.keys()]).toEqual([running.identity.instance]);
  expect(watched).toContain('directory');
  await resources.disposeAsync();
  expect(fleet.engine.members.size).toBe(0);
});

test('an adapter that is about to tell for the dead asks the presence service, with the token of now', async () => {
  const tokens: unknown[] = [];
  const service = createServer(({ headers }, response) => {
    tokens.push(headers.authorization);
    const at = '2026-11-28T10:00:00.000Z';
    const asOf = { at, 'lag-ms': 12, 'covered-since': '2026-11-01T00:00:00.000Z' };
    response.end(JSON.stringify({ adapters: [{ instance: 'other', 'last-heard-at': at }], 'as-of': asOf }));
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  onTestFinished(() => void service.close());
  const tokenFile = join(directory, 'presence-token');
  writeFileSync(tokenFile, 'first\n');
  const fleet = new MemoryFleet(new ManualClock());
  let signal: PublishingSignal | undefined;
  const { start, resources, clock, lookNow } = given(
    {
      ROLLCALL_DIRECTORY_URL: 'loft:x',
      ROLLCALL_DIRECTORY_PRESENCEURL: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
      ROLLCALL_DIRECTORY_PRESENCETOKEN_FILE: tokenFile,
    },
    {
      createEngine: () => ({
        join: (context) => fleet.create(context),
        createUndertaker(context) {
          ({ signal } = context);
          return fleet.createUndertaker(context);
        },
        inspect: fail,
        askForAnnouncements: fail,
      }),
    },
  );
  onTestFinished(() => resources.disposeAsync());
  await start();
  expect(await signal?.stateOf('other', 10_000)).toBe('publishes');
  writeFileSync(tokenFile, 'second\n');
  await vi.waitFor(async () => {
    lookNow();
    clock.advance(1_000);
    expect(await signal?.stateOf('silent', 10_000)).toBe('silent');
    expect(tokens.at(-1)).toBe('Bearer second');
  }, 120_000);
  expect(tokens[0]).toBe('Bearer first');
});

test.each([
  ['presence:8090', 'OPTION_MALFORMED'],
  ['https://user:secret@presence', 'OPTION_MALFORMED'],
  ['https://presence?token=secret', 'OPTION_MALFORMED'],
])('a presence service at %s is none', (url, code) => {
  const problems = problemsOf({ ROLLCALL_DIRECTORY_URL: 'loft:x', ROLLCALL_DIRECTORY_PRESENCEURL: url });
  expect(problems.map((problem) => problem.code)).toEqual([code]);
  expect(JSON.stringify(problems)).not.toContain('secret');
});

test.each([
  ['no fleet', { ROLLCALL_DIRECTORY_PRESENCEURL: 'https://presence' }],
  ['no URL', { ROLLCALL_DIRECTORY_URL: 'loft:x', ROLLCALL_DIRECTORY_PRESENCETOKEN: 'secret' }],
])('a presence service, and %s, is a mistake', (_kind, env) => {
  expect(problemsOf(env).map(({ code }) => code)).toEqual(['OPTION_MISSING']);
});

test('presence services below a path, and several, are fine', () => {
  const url = 'http://a:1,https://b:2/presence';
  expect(problemsOf({ ROLLCALL_DIRECTORY_URL: 'loft:x', ROLLCALL_DIRECTORY_PRESENCEURL: url })).toEqual([]);
});

function problemsOf(env: Readonly<Record<string, string>>): ConfigError['coded'] {
  try {
    given(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.coded;
    throw error;
  }
  return [];
}

test('an adapter whose configuration names no fleet is alone', async () => {
  const watched: string[] = [];
  const { start, resources } = given({}, { observers: [{ watch: (part) => watched.push(part) }] });
  await start();
  await resources.disposeAsync();
  expect(watched).not.toContain('directory');
});

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

test('an app brings observers of its own', async () => {
  const watched: string[] = [];
  const { start, resources } = given({}, { observers: [{ watch: (part) => watched.push(part) }] });
  await start();
  await resources.disposeAsync();
  expect(watched).toContain('presence');
});

test('nothing else is opened where the health port is taken', async () => {
  const nothing = { failed: fail, turnedAway: fail, started: () => [], readiness: () => [] };
  const log = recordingLog();
  const metrics = async () => ({ contentType: '', text: '' });
  const taken = await startHealthServer({ host: '127.0.0.1', port: 0, log, metrics, ...nothing });
  const { start, resources, closed, clock } = given({ ROLLCALL_HEALTH_PORT: String(taken.port) });
  await expect(start()).rejects.toThrow('cannot be bound: EADDRINUSE');
  await resources.disposeAsync();
  expect([closed, clock.armed]).toEqual([[], 0]);
  await taken.close();
});

test('a module that is no sink is a mistake in the configuration, and what was opened is closed', async () => {
  const { start, resources, closed } = given({ ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'events,evnts' });
  await expect(start()).rejects.toThrow(ConfigError);
  await resources.disposeAsync();
  expect(closed).toEqual(['events sink', 'sender', 'passwords', 'registry']);
});

test.each([
  ['', undefined],
  [', although its protocol goes on accepting', async () => fail()],
])('a stop ends the adapter first, and then what it needed%s', async (_what, stopAccepting) => {
  const { start, resources, clock, closed } = given({}, { ...(stopAccepting && { stopAccepting }) });
  const running = await start();
  const stopped = resources.disposeAsync();
  if (stopAccepting) await expect(stopped).rejects.toBe(boom);
  else await stopped;
  expect(closed).toEqual(['protocol', ...sinks, 'sender', 'passwords', 'registry']);
  expect([running.lost, clock.armed]).toEqual([[], 0]);
  await expect(fetch(`http://127.0.0.1:${running.healthPort}/liveness`)).rejects.toThrow('fetch failed');
});

test.each([
  ['by default', {}, { holdMs: 30_000, rememberIn: 'journal/mqtt-0.registry' }],
  ['with ROLLCALL_REGISTRY_HOLD=0', { ROLLCALL_REGISTRY_HOLD: '0' }, { holdMs: 0 }],
  [
    'without a journal in a file',
    { ROLLCALL_JOURNAL_KIND: 'memory' },
    { holdMs: 30_000, rememberIn: undefined },
  ],
])(
  'how long missing devices are held, and where a start knows them from: %s',
  async (_what, env, expected) => {
    const asked: Parameters<Composition['openRegistry']>[0][] = [];
    const openRegistry: Composition['openRegistry'] = async (options) => {
      asked.push(options);
      return fail();
    };
    const { start, resources } = given({ ROLLCALL_ADAPTER_ID: 'mqtt-0', ...env }, { openRegistry });
    await expect(start()).rejects.toBe(boom);
    await resources.disposeAsync();
    const [{ holdMs, rememberIn } = fail()] = asked;
    expect({ holdMs, rememberIn: rememberIn?.replace(directory, 'journal') }).toMatchObject(expected);
  },
);
