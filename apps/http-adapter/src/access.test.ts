import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createMemoryJournal } from '@rollcall/outbox';
import {
  accessChangesOf,
  setFirstSecret,
  startForTest,
  type AdapterInTest,
  type TestSetting,
} from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { ScriptedRegistry, scriptedPassword } from '@rollcall/conformance/registry';
import type { Timestamp } from '@rollcall/core';
import { afterEach, expect, test } from 'vitest';
import { createHttpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';

const minute = 60_000;
const type = 'hashed-password';
const adapters: AdapterInTest[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

const causes = ({ sink }: AdapterInTest): readonly string[] =>
  sink.events.map((event) => (event.type === 'connected' ? 'connected' : event.reason));

const authorization = `Basic ${Buffer.from(`thermostat-7@acme:${scriptedPassword}`).toString('base64')}`;

/** Sends the head of a request, and hears the status lines of answers. */
async function givenARequestUnderWay(query = '', expiresInMs?: number, setting: TestSetting = {}) {
  const adapter = await startForTest(createHttpAdapter(options), setting);
  adapters.push(adapter);
  const notAfter = (adapter.clock.now() + (expiresInMs ?? 0)) as Timestamp;
  setFirstSecret(adapter.registry, type, expiresInMs === undefined ? {} : { notAfter });
  const socket = connect(adapter.address.port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  let heard = '';
  socket.on('data', (bytes) => (heard += bytes.toString()));
  const head = [
    `POST /telemetry${query} HTTP/1.1`,
    'host: adapter',
    `authorization: ${authorization}`,
    'content-type: text/plain',
    'content-length: 4',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n21`);
  await adapter.events(1);
  return {
    adapter,
    finish: () => socket.write('.5'),
    status: () => /^HTTP\/1.1 (\d+)/.exec(heard)?.[1],
  };
}

test.each(accessChangesOf(type))('a request is under way when $what', async ({ happens, opened, lease }) => {
  const { adapter, finish, status } = await givenARequestUnderWay();
  happens(adapter.registry, type, adapter.clock.now());
  await settled();
  finish();
  const stays = opened === 'stays';
  await expect.poll(status).toBe(stays ? '202' : '401');
  expect(adapter.sender.messages).toHaveLength(stays ? 1 : 0);
  expect(causes(adapter)).toEqual(lease === 'stays' ? ['connected'] : ['connected', lease]);
});

test('a request whose secret is replaced under way neither renews its lease nor keeps it open', async () => {
  const { adapter, finish, status } = await givenARequestUnderWay();
  await adapter.clock.advanceAsync(minute / 2);
  setFirstSecret(adapter.registry, type, { id: '2' });
  await settled();
  finish();
  await expect.poll(status).toBe('401');
  await adapter.clock.advanceAsync(9.5 * minute - 1);
  expect(causes(adapter)).toEqual(['connected']);
  await adapter.clock.advanceAsync(1);
  expect(causes(adapter)).toEqual(['connected', 'inactive']);
});

test('a request whose body never arrives keeps no lease open once its secret has expired', async () => {
  const { adapter } = await givenARequestUnderWay('', minute / 2);
  await adapter.clock.advanceAsync(10 * minute - 1);
  expect(causes(adapter)).toEqual(['connected']);
  await adapter.clock.advanceAsync(1);
  expect(causes(adapter)).toEqual(['connected', 'inactive']);
});

test('a device that waits for a command is answered when its secret expires', async () => {
  const { adapter, finish, status } = await givenARequestUnderWay('?hono-ttd=40', minute / 2);
  finish();
  await expect.poll(() => adapter.sender.messages.length).toBe(1);
  await settled();
  await adapter.clock.advanceAsync(minute / 2 - 1);
  expect(status()).toBeUndefined();
  await adapter.clock.advanceAsync(1);
  await expect.poll(status).toBe('202');
  await adapter.clock.advanceAsync(9.5 * minute);
  expect(causes(adapter)).toEqual(['connected', 'inactive']);
});

test('a lease goes on under the same connection id when a valid secret is proved in time', async () => {
  const { adapter, finish, status } = await givenARequestUnderWay();
  finish();
  await expect.poll(status).toBe('202');
  setFirstSecret(adapter.registry, type, { id: '2' });
  await adapter.clock.advanceAsync(5 * minute);
  const body = '21.5';
  const headers = { authorization, 'content-type': 'text/plain' };
  const url = `http://127.0.0.1:${adapter.address.port}/telemetry`;
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(202);
  await adapter.clock.advanceAsync(10 * minute - 1);
  expect(causes(adapter)).toEqual(['connected']);
  await adapter.clock.advanceAsync(1);
  expect(causes(adapter)).toEqual(['connected', 'inactive']);
  expect(new Set(adapter.sink.events.map(({ connectionId }) => connectionId)).size).toBe(1);
});

test.each(accessChangesOf(type))(
  'a lease of an earlier run, where $what before the next run begins: $lease',
  async ({ happens, lease }) => {
    const journal = createMemoryJournal();
    const { adapter, finish, status } = await givenARequestUnderWay('', undefined, { journal });
    finish();
    await expect.poll(status).toBe('202');
    await adapter.running.stop({ graceMs: 0 });
    const { registry, clock } = adapter;
    happens(registry, type, clock.now());
    const next = await startForTest(createHttpAdapter(options), { journal, registry, clock });
    adapters.push(next);
    expect(causes(next)).toEqual(lease === 'stays' ? [] : [lease]);
  },
);

/** A device that was served twice. @param remembers whether the adapter may remember what it looked up. */
async function givenADeviceThatComesAgain(remembers: boolean, expiresInMs?: number) {
  const registry = new ScriptedRegistry();
  if (remembers) registry.tellsEveryChange = true;
  const adapter = await startForTest(createHttpAdapter(options), { registry });
  adapters.push(adapter);
  const notAfter = (adapter.clock.now() + (expiresInMs ?? 0)) as Timestamp;
  setFirstSecret(registry, type, expiresInMs === undefined ? {} : { notAfter });
  const come = async (as = authorization): Promise<number> => {
    const headers = { authorization: as, 'content-type': 'text/plain' };
    const url = `http://127.0.0.1:${adapter.address.port}/telemetry`;
    return (await fetch(url, { method: 'POST', headers, body: '21.5' })).status;
  };
  expect([await come(), await come()]).toEqual([202, 202]);
  return { adapter, come };
}

test('a device that comes again is not looked up again where the registry tells of every change', async () => {
  const lookUps = async (remembers: boolean): Promise<number> => {
    const { adapter, come } = await givenADeviceThatComesAgain(remembers);
    const { asked } = adapter.registry;
    expect(await come()).toBe(202);
    return adapter.registry.asked - asked;
  };
  expect(await lookUps(true)).toBe(0);
  expect(await lookUps(false)).toBeGreaterThan(0);
});

test.each(accessChangesOf(type))(
  'who is remembered is served as anybody else once $what',
  async ({ happens }) => {
    const outcome = async (remembers: boolean): Promise<unknown> => {
      const { adapter, come } = await givenADeviceThatComesAgain(remembers);
      happens(adapter.registry, type, adapter.clock.now());
      await settled();
      const statuses = [await come(), await come()];
      return { statuses, uploads: adapter.sender.messages.length, causes: causes(adapter) };
    };
    expect(await outcome(true)).toEqual(await outcome(false));
  },
);

test('who is remembered must prove the same secret, from the same address, before it expires', async () => {
  const { adapter, come } = await givenADeviceThatComesAgain(true, minute / 2);
  const other = `Basic ${Buffer.from('thermostat-7@acme:guess').toString('base64')}`;
  expect(await come(other)).toBe(401);
  await adapter.clock.advanceAsync(minute / 2 - 1);
  expect(await come()).toBe(202);
  await adapter.clock.advanceAsync(1);
  expect(await come()).toBe(401);
});
