import { spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksRunBy, documentBlocks, type DocumentBlock } from '../documents/document-blocks.ts';
import { adapters } from './support/adapters.ts';
import { startApp } from './support/processes.ts';
import { createShell, type Shell } from './support/shell.ts';
import { startUp, type RunningUp } from './support/up.ts';

// The commands of the documents, as they stand there but for ports and directories. `npm` is a stand-in that neither installs nor builds.

const root = fileURLToPath(new URL('../../', import.meta.url));
const client = join(root, 'packages/client');
const blocks = blocksRunBy('test/e2e/documented-commands.test.ts');
let directory = '';
let up: RunningUp;
let shell: Shell;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-documents-'));
  for (const file of ['registry.yaml', 'new.yaml'])
    copyFileSync(join(root, 'apps/rollcall/demo/registry.yaml'), join(directory, file));
  writeFileSync(join(directory, 'password'), 'hono-secret\n');
  shell = createShell(directory);
  up = await startUp();
});
afterAll(async () => {
  await up.cleanUp();
  rmSync(directory, { recursive: true, force: true });
});

/** Ports and directories of this run, in the place of those in the documents. */
function here(code: string): string {
  return code
    .replaceAll('MESSAGING_PORT=15672', `MESSAGING_PORT=${up.networkPort}`)
    .replaceAll('REGISTRY_FILE=registry.yaml', `REGISTRY_FILE=${join(directory, 'registry.yaml')}`)
    .replaceAll('/var/lib/rollcall/', `${join(up.dataDir, 'journal')}/`)
    .replaceAll('/backup/', `${directory}/`)
    .replaceAll('node scripts/run.mjs app ', `cd ${root}; exec node scripts/start-app.mjs `);
}

/** What an adapter needs that is configured by its environment alone, and ports that are free. */
function environmentOf(app: string): Record<string, string> {
  const entry = adapters.find(({ name }) => name === app);
  const ports = entry?.ports.map(({ variable }) => [variable, '0']) ?? [];
  return {
    ...entry?.up.environment,
    ROLLCALL_REGISTRY_FILE: join(directory, 'registry.yaml'),
    ROLLCALL_MESSAGING_HOST: '127.0.0.1',
    ROLLCALL_MESSAGING_PORT: String(up.networkPort),
    ROLLCALL_HEALTH_PORT: '0',
    ...(Object.fromEntries(ports) as Record<string, string>),
  };
}

/** What is expected of a command, by its beginning; the first that fits counts. */
const expectations: readonly [begins: RegExp, run: (command: string) => Promise<void>][] = [
  [
    /npm run [\w-]+-adapter|scripts\/start-app\.mjs adapter-/,
    async (command) => {
      const [, app = ''] = /(?:npm run|start-app\.mjs) ([\w-]+)/.exec(command) ?? [];
      await shell.run(command, { env: environmentOf(app), until: /"ready"[^]*\n/ });
    },
  ],
  [
    /^npm run presence/,
    async (command) => {
      const env = {
        ROLLCALL_MESSAGING_HOST: '127.0.0.1',
        ROLLCALL_MESSAGING_PORT: String(up.networkPort),
        ROLLCALL_PRESENCE_OPEN: 'true',
        ROLLCALL_PRESENCE_PORT: '0',
        ROLLCALL_PRESENCE_SUBSCRIPTION: 'documented',
        ROLLCALL_PRESENCE_DIRECTORY: join(directory, 'presence'),
        ROLLCALL_HEALTH_PORT: '0',
      };
      await shell.run(command, { env, until: /"ready"[^]*\n/ });
    },
  ],
  [
    /^npm start/,
    async (command) => {
      const elsewhere = `--port-offset ${up.offset + 25} --data ${join(directory, 'up')}`;
      await shell.run(`${command} -- ${elsewhere}`, {
        until: /Ready\.[^]*who is online/,
      });
    },
  ],
  [
    /^npm run rollcall -- (devices|tail)/,
    (command) => whileADeviceComesAndGoes(() => watch(command, /4711/)),
  ],
  [/^npm run rollcall -- demo/, (command) => watch(command, /4711|sensor1/)],
  [/^npm run rollcall -- --help/, async (command) => void (await shell.run(command))],
  [/^npm run rollcall -- journal (list|backup)/, async (command) => void (await shell.run(command))],
  [
    /^npm run rollcall -- journal status/,
    async (command) => {
      const data = command.endsWith('status') ? ` --data ${up.dataDir}` : '';
      expect(await shell.run(command + data)).toMatch(/^mqtt-0\.journal {2}an adapter runs on it, .* MB$/m);
    },
  ],
  [
    /^rollcall registry check/,
    async (command) => {
      expect(await shell.run(command)).toMatch(/device/);
    },
  ],
  [/^rollcall registry accept/, async (command) => void (await shell.run(command))],
  [
    /^rollcall registry hash-password/,
    async (command) => {
      expect(await shell.run(command.replace(/\[(.*?)\]/, ''))).toContain('sha-512');
      expect(await shell.run(command.replace(/\[(.*?)\]/, '$1'))).toContain('bcrypt');
    },
  ],
];

async function whileADeviceComesAndGoes(act: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const acted = act().finally(() => over.abort());
  const [username, password] = ['sensor1@DEFAULT_TENANT', 'hono-secret'];
  const comeAndGo = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const device = await mqtt.connectAsync(`mqtt://127.0.0.1:${up.mqttPort}`, { username, password });
      await device.endAsync();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  // The command has ended, too, where a device could not come.
  await Promise.allSettled([acted, comeAndGo()]).then((outcomes) => {
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  });
}

async function watch(command: string, until: RegExp): Promise<void> {
  await shell.run(`${command} --port-offset ${up.offset}`, { until });
}

/** Commands of a block, one by one; of a block that shows a terminal, those behind the prompt. */
function commandsOf({ code }: DocumentBlock): readonly string[] {
  const lines = code.replaceAll(/\\\n\s*/g, '').split('\n');
  const prompts = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
  return (prompts.length > 0 ? prompts : lines)
    .map((line) => here(line.trim()).replace(/^(npm .*?) *#.*/, '$1'))
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** What became of each command: one that several documents show is run once. */
const held = new Map<string, Promise<void>>();

function holds(command: string): Promise<void> {
  const [, run] = expectations.find(([begins]) => begins.test(command)) ?? [];
  expect(run, `an expectation for ${command}`).toBeDefined();
  const holding = run?.(command) ?? Promise.resolve();
  held.set(command, holding);
  return holding;
}

test.each(blocks.map((block) => [`${block.document}:${block.line}`, block] as const))(
  'the commands at %s do what the document says',
  async (_place, block) => {
    const commands = commandsOf(block);
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) await (held.get(command) ?? holds(command));
  },
  900_000,
);

const containers = documentBlocks().filter(({ code }) => /^docker run /m.test(code));

test('there is a documented container for Artemis and one for RabbitMQ', () => {
  const networks = containers.map(({ code }) => /MESSAGING_NETWORK=(\S+)/.exec(code)?.[1]);
  expect(networks).toEqual(['artemis', 'rabbitmq-3']);
});

test.each(containers.map((block) => [`${block.document}:${block.line}`, block.code] as const))(
  'an adapter starts with the variables of the container at %s, and answers its health check',
  async (_place, code) => {
    const mounted = mkdtempSync(join(directory, 'mounted-'));
    const { key, cert } = createCertificateAuthority('CN=CA').issue({ subject: 'CN=localhost' });
    for (const folder of ['config', 'tls']) mkdirSync(join(mounted, folder));
    copyFileSync(join(directory, 'registry.yaml'), join(mounted, 'config/registry.yaml'));
    writeFileSync(join(mounted, 'config/broker-password'), 'secret');
    for (const [file, text] of Object.entries({ 'tls.key': key, 'tls.crt': cert, 'ca.crt': cert }))
      writeFileSync(join(mounted, 'tls', file), text);
    const variables = [...code.matchAll(/--env (\w+)=(\S*)/g)].map(
      ([, name = '', value = '']) => [name, value.replace('/etc/rollcall', mounted)] as const,
    );
    const adapter = startApp('mqtt-adapter', [], {
      ...Object.fromEntries(variables),
      ROLLCALL_JOURNAL_DIRECTORY: join(mounted, 'journal'),
      // There is no such host here, and the ports may be taken.
      ROLLCALL_MESSAGING_HOST: '127.0.0.1',
      ROLLCALL_MESSAGING_PORT: '1',
      ROLLCALL_MQTT_PORT: '0',
      ROLLCALL_HEALTH_PORT: '0',
    });
    try {
      const ready = await adapter.line((line) => line.includes('"ready"'), 'that it is ready');
      const { healthPort, listening } = JSON.parse(ready) as { healthPort: number; listening: unknown[] };
      expect(listening).toHaveLength(1);
      const [, health = 'false'] = /--health-cmd (".*") \\$/m.exec(code) ?? [];
      await shell.run(`eval ${health.replace('8088', String(healthPort))}`);
    } finally {
      await adapter.end('SIGKILL');
    }
  },
);

test('the example service of packages/client/README.md, word for word, prints which devices came and which left', async () => {
  // In a folder of its own that has nothing but the package.
  const folder = join(directory, 'service');
  mkdirSync(join(folder, 'node_modules/@rollcall'), { recursive: true });
  symlinkSync(client, join(folder, 'node_modules/@rollcall/client'));
  const readme = readFileSync(join(client, 'README.md'), 'utf8');
  const [, code = ''] = /<!-- example -->\s*```js\n(.*?)```/s.exec(readme) ?? [];
  expect(code.split('\n').length, 'it is short').toBeLessThan(28);
  writeFileSync(join(folder, 'service.mjs'), code);
  const service = spawn(process.execPath, ['service.mjs'], {
    cwd: folder,
    env: { ...process.env, EVENTS_URL: `amqp://127.0.0.1:${up.networkPort}` },
  });
  let printed = '';
  service.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  service.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  try {
    await expect.poll(() => printed, { timeout: 300_000 }).toContain('following\n');
    const device = await mqtt.connectAsync(`mqtt://127.0.0.1:${up.mqttPort}`, {
      username: 'sensor1@DEFAULT_TENANT',
      password: 'hono-secret',
      protocolVersion: 5,
      reconnectPeriod: 0,
    });
    await expect
      .poll(() => printed, { timeout: 300_000 })
      .toContain('4711 is online over MQTT 5.0, by session\n');
    device.stream.destroy();
    device.end(true);
    await expect
      .poll(() => printed, { timeout: 300_000 })
      .toMatch(/4711 left: connection-lost, up to [\d.]+ s before\n/);
    const ended = new Promise((resolve) => {
      service.once('exit', resolve);
    });
    service.kill('SIGINT');
    expect(await ended).toBe(0);
  } finally {
    service.kill('SIGKILL');
  }
});
