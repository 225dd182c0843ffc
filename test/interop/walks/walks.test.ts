import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { walkFiles } from './walk-files.ts';
import { startApp, startSource, type TestProcess } from '../../e2e/support/processes.ts';

// The walks in docs/architecture.md are those of running adapters: V8 counts which functions are called for one request.

const recorder = new URL('record-calls.mjs', import.meta.url).href;

/** Files that timers enter at any time. */
const timers = new Set([
  'file-follower/file-signature.ts',
  'file-follower/follow-files.ts',
  'file-follower/settle.ts',
  'runtime/lateness/loop-watch.ts',
  'outbox/journal/store-watch.ts',
  'presence/leases/rhythm-store.ts',
  'adapter-process/composition/keep-noting.ts',
  'adapter-process/lifecycle/run-settings.ts',
  'device-registry/file-registry.ts',
  'device-registry/registry-loader.ts',
  'device-registry/fault-report.ts',
]);

/** Files that the first check of a password enters, which the document names in a sentence of its own. */
const firstPassword = new Set([
  'core/fair-queue.ts',
  'runtime/token-buckets.ts',
  'access/authentication/failure-limiter.ts',
  'access/authentication/comparison-debt.ts',
  'access/authentication/held-answers.ts',
  'device-registry/bcrypt-pool.ts',
  'device-registry/waiting-comparisons.ts',
]);

let directory = '';
let network: TestProcess;
let amqpPort = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-walks-'));
  const devices = ['warm-1', 'warm-2', 'pump'].map(
    (id) =>
      `{device-id: ${id}, credentials: [{type: hashed-password, auth-id: ${id}, secrets: [{pwd-plain: hush}]}]}`,
  );
  const registry = `tenants: [{tenant-id: acme, devices: [${devices.join(', ')}]}]`;
  await writeFile(join(directory, 'registry.yaml'), registry);
  network = startApp('rollcall', ['network', '--port', '0', '--data', join(directory, 'network')]);
  const line = await network.line((text) => text.includes('accepts every password'), 'that it runs');
  amqpPort = String((JSON.parse(line) as { readonly port: number }).port);
});
afterAll(async () => {
  await network.end('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

/** An adapter that records its calls, with its port. */
async function given(app: string, section: string) {
  const adapter = startSource(app, {
    NODE_OPTIONS: `--import=${recorder}`,
    ROLLCALL_REGISTRY_FILE: join(directory, 'registry.yaml'),
    ROLLCALL_MESSAGING_HOST: '127.0.0.1',
    ROLLCALL_MESSAGING_PORT: amqpPort,
    ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'logging,events',
    ROLLCALL_JOURNAL_DIRECTORY: join(directory, app),
    [`ROLLCALL_${section}_INSECUREPORTENABLED`]: 'true',
    [`ROLLCALL_${section}_INSECUREPORT`]: '0',
    ROLLCALL_HEALTH_PORT: '0',
  });
  onTestFinished(() => void adapter.end('SIGKILL'));
  const ready = await adapter.line((line) => line.includes('"ready"'), 'that it is ready');
  const { listening } = JSON.parse(ready) as { readonly listening: readonly { readonly port: number }[] };
  const ask = async (message: 'record' | 'recorded'): Promise<readonly string[]> => {
    const answer = once(adapter.child, 'message');
    adapter.child.send(message);
    const [{ files = [] }] = (await answer) as [{ readonly files?: readonly string[] }];
    return files;
  };
  const connected = (): number => adapter.stdout.filter((line) => line.includes('"device connected"')).length;
  const found = new Set<string>();
  return {
    port: listening[0]?.port ?? 0,
    connected,
    found,
    begin: () => ask('record'),
    /** Files of the walk that were not entered so far. */
    async missing(walk: readonly string[]): Promise<readonly string[]> {
      for (const file of await ask('recorded')) found.add(file);
      return walk.filter((file) => !found.has(file));
    },
  };
}

test('a CONNECT enters the files of its walk, and no others', async () => {
  const { port, connected, found, begin, missing } = await given('mqtt-adapter', 'MQTT');
  const { entered } = walkFiles('CONNECT');
  for (const [index, name] of ['warm-1', 'warm-2', 'pump'].entries()) {
    if (name === 'pump') await begin();
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
      ...{ username: `${name}@acme`, password: 'hush', clientId: name },
    });
    onTestFinished(() => void client.end(true));
    await expect.poll(connected).toBe(index + 1);
  }
  await expect.poll(() => missing(entered)).toEqual([]);
  const others = [...found].filter((file) => !timers.has(file) && !firstPassword.has(file));
  expect(others.filter((file) => !entered.includes(file))).toEqual([]);
});

test('a POST enters the files of its walk', async () => {
  const { port, begin, missing } = await given('http-adapter', 'HTTP');
  const post = () =>
    fetch(`http://127.0.0.1:${port}/event`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('pump@acme:hush').toString('base64')}`,
        'content-type': 'text/plain',
      },
      body: '21.5',
    });
  await expect.poll(async () => (await post()).status).toBe(202);
  await begin();
  expect((await post()).status).toBe(202);
  await expect.poll(() => missing(walkFiles('POST').entered)).toEqual([]);
});
