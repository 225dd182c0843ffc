import { connect } from 'node:net';
import { createMemoryJournal, type Journal } from '@rollcall/outbox';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { afterEach, expect, test } from 'vitest';
import { createHttpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';

const adapters: AdapterInTest[] = [];
afterEach(async () => {
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

const waiting = 4;

async function givenAnAdapter(journal: Journal): Promise<AdapterInTest> {
  const adapter = await startForTest(createHttpAdapter(options), {
    journal,
    settings: { admission: { maxRunning: 1, maxWaiting: waiting, maxWaitMs: 60_000 } },
  });
  adapters.push(adapter);
  return adapter;
}

async function send({ address }: AdapterInTest, username: string): Promise<number> {
  const { status } = await fetch(`http://127.0.0.1:${address.port}/telemetry`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${scriptedPassword}`).toString('base64')}`,
      'content-type': 'text/plain',
    },
    body: 'x',
  });
  return status;
}

/** One request is being authenticated, all places behind it are taken, and one more was turned away. */
async function givenAStormOf(username: string, adapter: AdapterInTest) {
  const release = adapter.registry.hold();
  const refusals: number[] = [];
  let hearOne = (): void => {};
  const storm = Array.from({ length: 1 + waiting + 1 }, async () => {
    const status = await send(adapter, username);
    if (status === 503) refusals.push(status);
    hearOne();
    return status;
  });
  const refused = async (count: number): Promise<void> => {
    while (refusals.length < count) await new Promise<void>((resolve) => (hearOne = resolve));
  };
  await refused(1);
  return { storm, release, refused };
}

test('a device that holds a lease gets a place although a storm takes all of them', async () => {
  const adapter = await givenAnAdapter(createMemoryJournal());
  expect(await send(adapter, 'thermostat-7@acme')).toBe(202);
  const { storm, release, refused } = await givenAStormOf('valve-1@acme', adapter);
  const renewal = send(adapter, 'thermostat-7@acme');
  await refused(2);
  release();
  expect(await renewal).toBe(202);
  expect((await Promise.all(storm)).toSorted((a, b) => a - b)).toEqual([202, 202, 202, 202, 503, 503]);
});

test('after a restart a device that holds a lease gets a place before any device of its tenant was let in', async () => {
  const journal = createMemoryJournal();
  const before = await givenAnAdapter(journal);
  expect(await send(before, 'thermostat-7@acme')).toBe(202);
  await before.running.stop({ graceMs: 0 });
  const adapter = await givenAnAdapter(journal);
  const { storm, release, refused } = await givenAStormOf('thermostat-7@umbrella', adapter);
  const renewal = send(adapter, 'thermostat-7@acme');
  await refused(2);
  release();
  expect(await renewal).toBe(202);
  await Promise.all(storm);
});

test.each([
  ['for no path', 'GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n'],
  [
    'preflight',
    'OPTIONS /event HTTP/1.1\r\nhost: x\r\norigin: https://x\r\naccess-control-request-method: POST\r\n\r\n',
  ],
  ['without credentials', 'POST /event HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n'],
  [
    'with a malformed header',
    'POST /event HTTP/1.1\r\nhost: x\r\nauthorization: Basic ?\r\ncontent-length: 0\r\n\r\n',
  ],
])('a peer that sends a thousand requests %s in one packet is disconnected', async (_, request) => {
  const { address } = await givenAnAdapter(createMemoryJournal());
  const socket = connect(address.port, '127.0.0.1');
  socket.on('error', () => {});
  let answers = 0;
  socket.on('data', (chunk) => (answers += String(chunk).split('HTTP/1.1 ').length - 1));
  // An error may report the end first.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(request.repeat(1_000));
  await closed;
  expect(answers).toBeLessThanOrEqual(16);
});
