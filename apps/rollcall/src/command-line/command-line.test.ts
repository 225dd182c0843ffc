import { expect, test } from 'vitest';
import { parseCommand } from './command-line.ts';
import { usage } from './usage.ts';

test.each([
  [['up'], { command: 'up', portOffset: 0, dataDir: '.rollcall', json: false, registry: undefined }],
  [
    ['up', '--port-offset', '10000', '--data', 'd', '--json', '--registry', 'r.yaml'],
    { command: 'up', portOffset: 10_000, dataDir: 'd', json: true, registry: 'r.yaml' },
  ],
  [
    ['tail'],
    {
      command: 'tail',
      url: 'amqp://127.0.0.1:15672',
      tenants: ['DEFAULT_TENANT'],
      json: false,
    },
  ],
  [
    ['tail', '--url', 'amqps://h', '--tenant', 'T', '--address', 'q', '--json'],
    { command: 'tail', url: 'amqps://h', tenants: ['T'], json: true, address: 'q' },
  ],
  [
    ['devices', '--port-offset', '1000'],
    {
      command: 'devices',
      url: 'amqp://127.0.0.1:16672',
      tenants: ['DEFAULT_TENANT'],
      json: false,
      online: false,
    },
  ],
  [
    ['devices', '--tenant', 'A', '--tenant', 'B', '--tenant', 'A', '--once', '--wait', '3', '--online'],
    {
      command: 'devices',
      url: 'amqp://127.0.0.1:15672',
      tenants: ['A', 'B'],
      json: false,
      online: true,
      onceAfterMs: 3_000,
    },
  ],
  [
    ['endings'],
    {
      command: 'endings',
      url: 'http://127.0.0.1:8090',
      tenants: ['DEFAULT_TENANT'],
      reason: undefined,
      withinMs: 3_600_000,
      json: false,
    },
  ],
  [
    ['endings', '--port-offset', '1000', '--tenant', 'A', '--reason', 'inactive', '--within', '5', '--json'],
    {
      command: 'endings',
      url: 'http://127.0.0.1:9090',
      tenants: ['A'],
      reason: 'inactive',
      withinMs: 300_000,
      json: true,
    },
  ],
  [
    ['endings', '--presence-url', 'https://p'],
    {
      command: 'endings',
      url: 'https://p',
      tenants: ['DEFAULT_TENANT'],
      reason: undefined,
      withinMs: 3_600_000,
      json: false,
    },
  ],
  [
    ['tail', '--network', 'rabbitmq-3', '--queue', 'watch'],
    {
      command: 'tail',
      url: 'amqp://127.0.0.1:15672',
      network: 'rabbitmq-3',
      tenants: ['DEFAULT_TENANT'],
      queue: 'watch',
      json: false,
    },
  ],
  [
    ['tail', '--network', 'rabbitmq-3', '--queue', 'watch', '--drop-others'],
    {
      command: 'tail',
      url: 'amqp://127.0.0.1:15672',
      network: 'rabbitmq-3',
      tenants: ['DEFAULT_TENANT'],
      queue: 'watch',
      dropOthers: true,
      json: false,
    },
  ],
  [
    ['bury', 'mqtt-0', '--unheard', '--url', 'amqp://h'],
    {
      command: 'bury',
      adapterId: 'mqtt-0',
      url: 'amqp://h',
      journal: '.rollcall/journal/mqtt-0.journal',
    },
  ],
  [['demo', '--port-offset', '7'], { command: 'demo', portOffset: 7 }],
  [['network', '--port', '0'], { command: 'network', port: 0, dataDir: '.rollcall/network' }],
  [
    ['journal', 'status'],
    {
      command: 'journal',
      action: 'status',
      files: [],
      directory: '.rollcall/journal',
      url: 'amqp://127.0.0.1:15672',
      json: false,
    },
  ],
  [
    [
      'journal',
      'retry-parked',
      'a.journal',
      'b.journal',
      '--url',
      'amqp://h',
      '--data',
      'd',
      '--network',
      'rabbitmq-3',
    ],
    {
      command: 'journal',
      action: 'retry-parked',
      files: ['a.journal', 'b.journal'],
      directory: 'd/journal',
      url: 'amqp://h',
      network: 'rabbitmq-3',
      json: false,
    },
  ],
  [
    ['journal', 'backup', 'a.journal', 'b'],
    {
      command: 'journal',
      action: 'backup',
      file: 'a.journal',
      target: 'b',
      files: ['a.journal', 'b'],
      directory: '.rollcall/journal',
      url: 'amqp://127.0.0.1:15672',
      json: false,
    },
  ],
  [
    ['journal', 'discard', 'a.journal', '--sink', 'webhook'],
    {
      command: 'journal',
      action: 'discard',
      file: 'a.journal',
      sink: 'webhook',
      yes: false,
      files: ['a.journal'],
      directory: '.rollcall/journal',
      url: 'amqp://127.0.0.1:15672',
      json: false,
    },
  ],
  [
    ['bury', 'mqtt-0', '--data', 'd'],
    {
      command: 'bury',
      adapterId: 'mqtt-0',
      url: 'amqp://127.0.0.1:15672',
      listenMs: 10_000,
      journal: 'd/journal/mqtt-0.journal',
    },
  ],
  [
    ['bury', 'mqtt-0', '--table', 'devices.jsonl', '--port-offset', '1000'],
    {
      command: 'bury',
      adapterId: 'mqtt-0',
      url: 'amqp://127.0.0.1:16672',
      listenMs: 10_000,
      table: 'devices.jsonl',
    },
  ],
  [
    ['registry', 'check', 'r.yaml', '--served', 's.yaml'],
    { command: 'registry', action: 'check', file: 'r.yaml', served: 's.yaml', network: 'hono' },
  ],
  [
    ['registry', 'accept', 'r.yaml', '--network', 'artemis'],
    { command: 'registry', action: 'accept', file: 'r.yaml', network: 'artemis' },
  ],
  [
    ['registry', 'list', '--json', '--port-offset', '100'],
    {
      ...{ command: 'registry', action: 'list', tenant: undefined, json: true },
      source: { url: 'http://127.0.0.1:28180' },
    },
  ],
  [
    ['registry', 'list', 'acme', '--file', 'r.yaml'],
    { command: 'registry', action: 'list', tenant: 'acme', json: false, source: { file: 'r.yaml' } },
  ],
  [
    ['registry', 'show', 'acme/d:1/x', '--url', 'https://h'],
    {
      ...{ command: 'registry', action: 'show', source: { url: 'https://h' } },
      named: { tenant: 'acme', device: 'd:1/x' },
    },
  ],
  [
    ['registry', 'add', 'acme/d', '--password', '--content', 'd.json'],
    {
      ...{ command: 'registry', action: 'add', url: undefined, content: 'd.json', authId: 'd' },
      named: { tenant: 'acme', device: 'd' },
    },
  ],
  [
    ['registry', 'remove', 'acme', '--yes'],
    { command: 'registry', action: 'remove', url: undefined, named: { tenant: 'acme' } },
  ],
  [
    ['registry', 'import', 'r.yaml'],
    { command: 'registry', action: 'import', url: undefined, file: 'r.yaml' },
  ],
  [['registry', 'hash-password'], { command: 'registry', action: 'hash-password', bcryptCost: undefined }],
  [
    ['registry', 'hash-password', '--bcrypt', '10'],
    { command: 'registry', action: 'hash-password', bcryptCost: 10 },
  ],
  [['fleet'], { command: 'fleet', json: false }],
  [['fleet', '--json'], { command: 'fleet', json: true }],
  [['--help'], { command: 'help' }],
  [['tail', '-h'], { command: 'help' }],
  [['help'], { command: 'help' }],
  [['help', 'tail'], { command: 'help' }],
  [['--version'], { command: 'version' }],
])('the arguments %j are read', (args, expected) => {
  expect(parseCommand(args)).toEqual(expected);
});

test.each([
  [[], 'a command is missing'],
  [['down'], 'unknown command: down'],
  [['__proto__'], 'unknown command: __proto__'],
  [['up', 'now'], 'unexpected argument: now'],
  [['up', '--url', 'x'], 'up has no option --url'],
  [['fleet', '--url', 'x'], 'fleet has no option --url'],
  [['fleet', 'mqtt-0'], 'unexpected argument: mqtt-0'],
  [
    ['bury', 'mqtt-0', '--network', 'constructor'],
    '--network must be one of hono, artemis, rabbitmq-3, rabbitmq-4, activemq-classic',
  ],
  [['up', '--port-offset', '-1'], "Option '--port-offset'"],
  [['up', '--port-offset', 'ten'], '--port-offset must be a number'],
  [['up', '--port-offset', '60000'], '--port-offset must be a number'],
  [['network', '--port', '99999'], '--port must be a number'],
  [['tail', '--colour'], "Unknown option '--colour'"],
  [['journal'], 'journal : must be one of status, list, retry-parked'],
  [['journal', 'burn'], 'journal burn'],
  [['registry'], 'registry : must be one of check, accept, hash-password, list'],
  [['registry', 'export', 'f'], 'tells no secrets over its API'],
  [['registry', 'list', 'a', 'b'], 'registry list needs one tenant, or none'],
  [['registry', 'list', 'a/b'], 'registry list needs one tenant, or none'],
  [['registry', 'list', '--file', 'f', '--url', 'http://h'], 'give --file or --url, not both'],
  [['registry', 'show'], 'registry show needs TENANT or TENANT/DEVICE'],
  [['registry', 'show', '/d'], 'registry show needs TENANT or TENANT/DEVICE'],
  [['registry', 'remove', 'acme'], 'registry remove needs --yes'],
  [['registry', 'add', 'acme', '--password'], 'a tenant has no password'],
  [['registry', 'add', 'acme/d', '--auth-id', 'x'], '--auth-id goes with --password'],
  [['registry', 'import'], 'registry import needs one file'],
  [['registry', 'check', 'f', '--url', 'http://h'], 'registry check has no option --url'],
  [['registry', 'check'], 'registry check needs one file'],
  [['registry', 'accept', 'a', 'b'], 'registry accept needs one file'],
  [['registry', 'accept', 'a', '--served', 'b'], 'registry accept has no option --served'],
  [['registry', 'check', 'a', '--bcrypt', '10'], 'registry check has no option --bcrypt'],
  [['registry', 'hash-password', 'secret'], 'reads standard input'],
  [['registry', 'hash-password', '--bcrypt', '13'], '--bcrypt must be a number from 4 to 12'],
  [['registry', 'check', 'a', '--data', 'd'], 'registry has no option --data'],
  [['devices', '--presence-url', 'amqp://x'], '--presence-url must be an http:// or https:// URL'],
  [['devices', '--presence-url', 'http://x', '--queue', 'q'], '--address and --queue are for listening'],
  [['devices', '--presence-url', 'http://x', '--once', '--wait', '3'], '--wait is for listening'],
  [['tail', '--presence-url', 'http://x'], 'tail has no option --presence-url'],
  [['devices', '--wait', '3'], '--wait is for --once'],
  [['devices', '--once', '--wait', '0'], 'a number of seconds'],
  [['endings', '--within', '0'], 'a number of minutes'],
  [['endings', '--presence-url', 'amqp://x'], 'http:// or https://'],
  [['endings', '--reason', ''], '--reason must not be empty'],
  [['tail', '--once'], 'tail has no option --once'],
  [['tail', '--queue', 'q', '--address', 'a'], 'not both'],
  [['tail', '--queue', 'q', '--tenant', 'T'], 'does not choose'],
  [['tail', '--drop-others'], 'is for --queue and --address'],
  [['bury', 'mqtt-0', '--drop-others'], 'is for --queue'],
  [['bury', 'a', '--unheard', '--wait', '3'], 'does not with --unheard'],
  [['bury'], 'one adapter id'],
  [['bury', 'a', 'b'], 'one adapter id'],
  [['bury', 'a', '--journal', 'x', '--table', 'y'], 'not both'],
  [['journal', 'backup', 'a.journal'], 'needs a journal, and where its copy goes'],
  [['journal', 'backup', 'a', 'b', 'c'], 'needs a journal, and where its copy goes'],
  [['journal', 'discard', 'a.journal'], 'needs --sink NAME'],
  [['journal', 'discard', '--sink', 's'], 'needs one journal'],
  [['journal', 'status', '--sink', 's'], 'journal status has no option --sink'],
  [['journal', 'list', '--yes'], 'journal list has no option --yes'],
])('the arguments %j are refused with what is wrong', (args, problem) => {
  expect(parseCommand(args)).toMatchObject({ command: 'mistake', problem: expect.stringContaining(problem) });
});

test('the usage names every command', () => {
  for (const command of ['up', 'tail', 'devices', 'fleet', 'demo', 'journal', 'bury', 'registry', 'network'])
    expect(usage).toMatch(new RegExp(`^  ${command} `, 'm'));
});

test('the network of the environment is used instead of the local one', () => {
  expect(parseCommand(['tail'], true)).toMatchObject({ url: undefined });
  expect(parseCommand(['tail', '--url', 'amqp://h'], true)).toMatchObject({ url: 'amqp://h' });
  expect(parseCommand(['tail', '--port-offset', '0'], true)).toMatchObject({ url: 'amqp://127.0.0.1:15672' });
});

test('devices asks the presence service that is named, or that of the environment where no network is', () => {
  const urlOf = (args: readonly string[], inEnvironment?: string): unknown => {
    const command = parseCommand(['devices', ...args], false, inEnvironment);
    return command.command === 'devices' ? command.presenceUrl : command;
  };
  expect(urlOf(['--presence-url', 'http://a'], 'http://b')).toBe('http://a');
  expect(urlOf([], 'http://b')).toBe('http://b');
  expect(urlOf(['--url', 'amqp://c'], 'http://b')).toBeUndefined();
  expect(urlOf([])).toBeUndefined();
  expect(parseCommand(['tail'], false, 'http://b')).not.toHaveProperty('presenceUrl');
});
