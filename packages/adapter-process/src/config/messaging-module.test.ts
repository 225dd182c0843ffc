import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, seededRandom, recordingLog } from '@rollcall/conformance';
import { ConfigError } from '@rollcall/core';
import type { DeviceMessage } from '@rollcall/core/device-data';
import { expect, onTestFinished, test } from 'vitest';
import { option, optional } from '@rollcall/options';
import { oneOf, port, text } from '@rollcall/options/formats';
import { loadConfig, type LoadedConfig } from './load-config.ts';
import type { Messaging, MessagingContext, MessagingModule } from '@rollcall/messaging-module';
import { createMessaging, noMessaging } from '@rollcall/messaging-module/internal';

// Two networks that do not exist: what the kit does for one module, it does for any.

const pigeonOptions = {
  host: optional('PIGEON_LOFT', text, 'where pigeons fly to', { hono: true }),
  flight: option('PIGEON_FLIGHT', oneOf('low', 'high'), 'low', 'how they fly'),
  seal: optional('PIGEON_SEAL', text, 'proves the sender', { secret: true }),
};

const ravenOptions = {
  // The same key as that of the pigeons.
  host: optional('RAVEN_TOWER', text, 'where ravens fly to'),
  port: option('RAVEN_WINDOW', port, '7', 'by which window'),
};

const sent: Messaging = { eventsSink: () => expect.fail('not asked for'), sender: noMessaging };

function pigeons(created: (values: unknown, context: MessagingContext) => void = () => {}) {
  const module: MessagingModule<typeof pigeonOptions> = {
    name: 'pigeon',
    options: pigeonOptions,
    chosenBy: 'PIGEON_LOFT',
    problems: ({ flight, seal }) =>
      flight === 'high' && seal === undefined
        ? [{ options: ['PIGEON_FLIGHT', 'PIGEON_SEAL'], text: 'high flights need a seal' }]
        : [],
    inForce: () => [],
    tenantRules: ({ host }) => [{ pattern: 'hawk', reason: `hawks live at ${host}` }],
    create(values, context) {
      created(values, context);
      return sent;
    },
  };
  return module;
}

const ravens: MessagingModule<typeof ravenOptions> = {
  name: 'raven',
  options: ravenOptions,
  chosenBy: 'RAVEN_TOWER',
  problems: () => [],
  inForce: () => [],
  tenantRules: () => [],
  create: () => sent,
};

const base = { ROLLCALL_REGISTRY_FILE: 'registry.yaml' };
const events = { ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'events', ROLLCALL_JOURNAL_KIND: 'memory' };
const messaging = [pigeons(), ravens];

function problemsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    loadConfig({}, { ...base, ...env }, { messaging });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function contextOf() {
  const log = recordingLog();
  const context = {
    clock: new ManualClock(),
    random: seededRandom(1),
    log,
    adapterType: 'hono-test',
    followFiles: () => {},
  };
  return { log, context };
}

test('the module whose deciding option is set is used, with its own values and defaults', () => {
  const { messaging: pigeon } = loadConfig({}, { ...base, HONO_PIGEON_LOFT: 'home' }, { messaging });
  expect(pigeon?.module.name).toBe('pigeon');
  expect(pigeon?.values).toEqual({ host: 'home', flight: 'low', seal: undefined });
  expect(pigeon?.module.tenantRules(pigeon.values)).toEqual([
    { pattern: 'hawk', reason: 'hawks live at home' },
  ]);
  const { messaging: raven } = loadConfig({}, { ...base, ROLLCALL_RAVEN_TOWER: 'keep' }, { messaging });
  expect(raven?.values).toEqual({ host: 'keep', port: 7 });
});

test('options of modules stand behind those of the kit, in order, and before those of the adapter', () => {
  const own = { mine: optional('TEST_MINE', text, 'mine') };
  const { effective } = loadConfig(own, base, { messaging });
  expect(effective.slice(-6).map(({ variable }) => variable)).toEqual([
    'ROLLCALL_PIGEON_LOFT',
    'ROLLCALL_PIGEON_FLIGHT',
    'ROLLCALL_PIGEON_SEAL',
    'ROLLCALL_RAVEN_TOWER',
    'ROLLCALL_RAVEN_WINDOW',
    'ROLLCALL_TEST_MINE',
  ]);
});

test.each<[string, Record<string, string>, readonly string[]]>([
  [
    'an option that cannot be read',
    { ROLLCALL_RAVEN_TOWER: 'keep', ROLLCALL_RAVEN_WINDOW: 'many' },
    ['ROLLCALL_RAVEN_WINDOW: must be a whole number from 0 to 65535'],
  ],
  [
    'a problem of the module, with the variables of the options that it names',
    { ROLLCALL_PIGEON_LOFT: 'home', ROLLCALL_PIGEON_FLIGHT: 'high' },
    ['ROLLCALL_PIGEON_FLIGHT and ROLLCALL_PIGEON_SEAL: high flights need a seal'],
  ],
  [
    'two networks at a time',
    { ROLLCALL_PIGEON_LOFT: 'home', ROLLCALL_RAVEN_TOWER: 'keep' },
    ['ROLLCALL_PIGEON_LOFT and ROLLCALL_RAVEN_TOWER: set one of them'],
  ],
  ['events without a network', events, ['ROLLCALL_PIGEON_LOFT or ROLLCALL_RAVEN_TOWER: must be set']],
  [
    'an option of a network whose deciding option was forgotten',
    { ROLLCALL_RAVEN_WINDOW: '9' },
    ['ROLLCALL_RAVEN_TOWER: must be set'],
  ],
  [
    'a misspelt option of a module',
    { ROLLCALL_RAVEN_TOWR: 'keep' },
    ['ROLLCALL_RAVEN_TOWR: unknown option; did you mean ROLLCALL_RAVEN_TOWER?'],
  ],
])('refused: %s', (_what, env, problems) => {
  expect(problemsOf(env)).toEqual(problems);
});

test('without any option of a network there is none, and events may go to the log or to a module of sinks', () => {
  expect(loadConfig({}, base, { messaging }).messaging).toBeUndefined();
  for (const producer of ['logging', 'none', './my-sink.js'])
    expect(
      problemsOf({ ROLLCALL_CONNECTIONEVENTS_PRODUCER: producer, ROLLCALL_JOURNAL_KIND: 'memory' }),
    ).toEqual([]);
});

test('a module is created once, with its values and the files of its secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-module-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'seal');
  writeFileSync(file, 'wax\n');
  const created: unknown[] = [];
  const module = pigeons((values, { adapterType, fileOf }) =>
    created.push({ values, adapterType, seal: fileOf('PIGEON_SEAL'), host: fileOf('PIGEON_LOFT') }),
  );
  const config: LoadedConfig<{}> = loadConfig(
    {},
    { ...base, ROLLCALL_PIGEON_LOFT: 'home', ROLLCALL_PIGEON_SEAL_FILE: file },
    { messaging: [module] },
  );
  const { log, context } = contextOf();
  expect(createMessaging(config.messaging, config.effective, context)).toBe(sent);
  expect(created).toEqual([
    {
      values: { host: 'home', flight: 'low', seal: 'wax' },
      adapterType: 'hono-test',
      seal: file,
      host: undefined,
    },
  ]);
  expect(log.lines).toEqual([]);
});

test('without a network, data of devices is refused with 503, and the log says so once', async () => {
  const { log, context } = contextOf();
  const { sender } = createMessaging(undefined, [], context);
  const message = {} as DeviceMessage;
  for (let tries = 0; tries < 3; tries += 1)
    expect(await sender.send(message)).toEqual({
      status: 'failed',
      failure: { status: 503, text: 'no messaging network is configured' },
    });
  expect(sender.connected()).toBe(false);
  expect(log.lines).toMatchObject([
    { level: 'warn', message: 'no messaging network is configured: data that devices upload is refused' },
  ]);
});
