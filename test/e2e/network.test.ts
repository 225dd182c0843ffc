import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startApp, type TestProcess } from './support/processes.ts';

// The embedded network as a process: what it accepted survives `kill -9`.

interface Rhea {
  create_container(): { connect(options: object): Connection };
  readonly message: { data_section(bytes: Uint8Array): object };
}
interface Connection {
  open_sender(address: string): Link;
  open_receiver(options: object): Link;
  once(event: string, listener: (context: object) => void): void;
  close(): void;
}
interface Link {
  sendable(): boolean;
  send(message: object): object;
  on(event: string, listener: (context: Context) => void): void;
}
interface Context {
  readonly delivery: object;
  readonly message: { readonly body: string };
}
const rhea = createRequire(new URL('../../packages/messaging-network/package.json', import.meta.url))(
  'rhea',
) as Rhea;

let dataDir = '';
let port = 0;
const processes: TestProcess[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'rollcall-network-'));
});
afterEach(async () => {
  for (const each of processes.splice(0)) await each.end('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

async function startNetwork(): Promise<TestProcess> {
  const started = startApp('rollcall', ['network', '--port', '0', '--data', dataDir]);
  processes.push(started);
  const line = await started.line((each) => each.includes('accepts every password'), 'that it runs');
  ({ port } = JSON.parse(line) as { port: number });
  return started;
}

function connect(): Promise<Connection> {
  const connection = rhea.create_container().connect({ host: '127.0.0.1', port, reconnect: false });
  for (const event of ['disconnected', 'error']) connection.once(event, () => {});
  return new Promise((resolve) => connection.once('connection_open', () => resolve(connection)));
}

test('the embedded network loses no accepted event when it is killed', async () => {
  const network = await startNetwork();
  const sender = (await connect()).open_sender('event/acme');
  const sent = new Map<object, string>();
  const accepted = new Set<string>();
  sender.on('accepted', ({ delivery }) => accepted.add(sent.get(delivery) ?? ''));
  let next = 0;
  sender.on('sendable', () => {
    while (sender.sendable() && sent.size - accepted.size < 200) {
      const body = `message-${(next += 1)}`;
      sent.set(sender.send({ body, durable: true }), body);
    }
  });
  const flow = setInterval(() => {
    for (let i = 0; i < 50 && sender.sendable(); i++) {
      const body = `message-${(next += 1)}`;
      sent.set(sender.send({ body, durable: true }), body);
    }
  }, 2);
  await expect.poll(() => accepted.size, { timeout: 300_000, interval: 50 }).toBeGreaterThan(1_000);
  await network.end('SIGKILL');
  clearInterval(flow);

  await startNetwork();
  const received = new Set<string>();
  const receiver = (await connect()).open_receiver({ source: { address: 'event/acme' }, credit_window: 500 });
  receiver.on('message', ({ message }) => received.add(message.body));
  await expect
    .poll(() => [...accepted].filter((body) => !received.has(body)), { timeout: 300_000 })
    .toEqual([]);
});

test("a device with events of Hono's own adapters is shown, with no more than its events say", async () => {
  await startNetwork();
  const args = ['--json', '--tenant', 'acme', '--url', `amqp://127.0.0.1:${port}`];
  const [tail, devices] = [
    startApp('rollcall', ['tail', ...args]),
    startApp('rollcall', ['devices', ...args]),
  ];
  processes.push(tail, devices);
  const sender = (await connect()).open_sender('event/acme');
  await new Promise<void>((resolve) => sender.on('sendable', () => resolve()));
  const body = JSON.stringify({ cause: 'connected', 'remote-id': 'unit', source: 'hono-mqtt' });
  const both = (): boolean => {
    sender.send({
      content_type: 'application/vnd.eclipse-hono-dc-notification+json',
      message_annotations: { tenant_id: 'acme', device_id: '4711' },
      application_properties: { device_id: '4711' },
      body: rhea.message.data_section(Buffer.from(body)),
    });
    return tail.stdout.length > 0 && devices.stdout.length > 0;
  };
  // Each begins to listen at a moment of its own.
  await expect.poll(both, { timeout: 300_000, interval: 200 }).toBe(true);
  expect(JSON.parse(tail.stdout[0] ?? '')).toMatchObject({
    device: '4711',
    cause: 'connected',
    source: 'hono-mqtt',
  });
  expect(JSON.parse(devices.stdout[0] ?? '')).toMatchObject({
    device: '4711',
    status: 'unknown',
    said: { cause: 'connected', source: 'hono-mqtt' },
  });
});

test('a network whose port is taken, or whose data directory is in use, prints one line and ends with status 1', async () => {
  await startNetwork();
  const samePort = startApp('rollcall', [
    'network',
    '--port',
    String(port),
    '--data',
    join(dataDir, 'another'),
  ]);
  expect(await samePort.exited()).toBe(1);
  expect(samePort.stdout.map((line) => JSON.parse(line) as object)).toMatchObject([
    {
      level: 'error',
      name: 'network',
      exitStatus: 1,
      msg: `amqp port 127.0.0.1:${port} cannot be bound: EADDRINUSE`,
    },
  ]);
  const sameData = startApp('rollcall', ['network', '--port', '0', '--data', dataDir]);
  expect(await sameData.exited()).toBe(1);
  expect(sameData.stdout.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 'error', msg: `data directory ${dataDir} cannot be used: another messaging network uses it` },
  ]);
  expect([...samePort.stderr, ...sameData.stderr]).toEqual([]);
});
