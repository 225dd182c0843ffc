import { once } from 'node:events';
import { connect } from 'node:net';
import type rhea from 'rhea';
import { expect, test } from 'vitest';
import type { LoginOutcome } from '../auth/identity.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { AmqpClient } from '../testing/amqp-client.ts';
import { memoryStore } from '../testing/memory-store.ts';
import { adapterRights, startServices, type StartServicesFacts } from '../testing/start-services.ts';
import type { RegistryService } from './service-request.ts';

const given = (facts: StartServicesFacts = {}) => startServices(memoryStore().store, facts);

/** A service whose answers wait. */
function waitingService() {
  const waiting: (() => void)[] = [];
  const service: RegistryService = {
    answer: () =>
      new Promise((resolve) => waiting.push(() => resolve({ kind: 'result', status: 200, body: {} }))),
  };
  return { waiting, services: { tenant: service } };
}

test.each<[string, { username?: string; password?: string }]>([
  ['a wrong password', { password: 'wrong' }],
  ['an unknown name', { username: 'nobody' }],
  ['no name', { username: '' }],
])('a client with %s is refused', async (_what, facts) => {
  const { port } = await given();
  const client = new AmqpClient(port, facts);
  expect(await client.isOpen()).toBe(false);
});

test('a client gets the SASL outcome for a temporary failure while logins cannot be checked', async () => {
  const { port } = await given({ users: { adapter: { status: 'unavailable' } } });
  const client = new AmqpClient(port);
  const failure = once(client.connection, 'connection_error');
  expect(await client.isOpen()).toBe(false);
  const [{ error }] = (await failure) as [{ readonly error: Error }];
  // SASL outcome sys-temp.
  expect(error.message).toMatch(/authenticate: 4/);
});

test('a client beyond the limit is refused until another one disconnects', async () => {
  const { port, listener } = await given({ maxClients: 1 });
  const first = new AmqpClient(port);
  expect(await first.isOpen()).toBe(true);
  expect(await new AmqpClient(port).isOpen()).toBe(false);
  expect(listener.clients).toBe(1);
  first.cut();
  while (listener.clients > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(await new AmqpClient(port).isOpen()).toBe(true);
});

test('the connection of a client is closed with the reason when its token expires', async () => {
  const expiresAt = Date.parse('2026-06-01T00:10:00.000Z');
  const expiring: LoginOutcome = {
    status: 'accepted',
    identity: { name: 'adapter', rights: adapterRights, expiresAt },
  };
  const { port, clock } = await given({ users: { adapter: expiring }, bounds: { idleTimeoutMs: 3_600_000 } });
  const client = new AmqpClient(port);
  expect(await client.isOpen()).toBe(true);
  await clock.advanceAsync(599_999);
  expect(client.connection.is_open()).toBe(true);
  await clock.advanceAsync(1);
  expect(await client.ended).toBe('amqp:unauthorized-access');
});

test('the connection of a client is closed with the reason when it is silent for too long', async () => {
  const { port, clock } = await given();
  const client = new AmqpClient(port);
  const tenants = await client.service('tenant');
  await clock.advanceAsync(15_000);
  await tenants.ask('get', { body: { 'tenant-id': 'x' } });
  await clock.advanceAsync(15_000);
  expect(client.connection.is_open()).toBe(true);
  await clock.advanceAsync(5_000);
  expect(await client.ended).toBe('amqp:resource-limit-exceeded');
});

test('a connection without a login in time is cut', async () => {
  const { port, clock } = await given();
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const header = once(socket, 'data');
  socket.write(Buffer.from('AMQP\x03\x01\x00\x00', 'latin1'));
  await header;
  const closed = once(socket, 'close');
  await clock.advanceAsync(10_000);
  await closed;
  expect(clock.armed).toBe(0);
});

test('clients get a close at a stop, and their state is freed', async () => {
  const { port, listener, clock } = await given();
  const client = new AmqpClient(port);
  await client.service('tenant');
  await listener.stopAccepting();
  expect(await client.ended).toBe('amqp:connection:forced');
  await listener.close();
  expect(listener.clients).toBe(0);
  expect(clock.armed).toBe(0);
});

test('requests beyond the limit of unanswered ones get 503 at once', async () => {
  const { waiting, services } = waitingService();
  const { port } = await given({ services, bounds: { maxUnderWay: 2 } });
  const tenants = await new AmqpClient(port).service('tenant');
  const answers = Array.from({ length: 3 }, () => tenants.ask('get'));
  expect(await answers[2]).toMatchObject({ status: 503, text: 'too many requests at a time' });
  for (const answer of waiting) answer();
  expect(await Promise.all(answers.slice(0, 2))).toMatchObject([{ status: 200 }, { status: 200 }]);
});

test.each<[string, Error, number, number]>([
  ['cannot be asked', new StoreUnavailable('away'), 503, 0],
  ['has a bug', new Error('cursed'), 500, 1],
])('a request is answered with the right status if the store %s', async (_what, error, status, reported) => {
  const service: RegistryService = { answer: () => Promise.reject(error) };
  const { port, failures } = await given({ services: { tenant: service } });
  const tenants = await new AmqpClient(port).service('tenant');
  expect(await tenants.ask('get')).toMatchObject({ status });
  expect(failures).toHaveLength(reported);
});

test('an answer whose link was detached is dropped, and other links are not affected', async () => {
  const { waiting, services } = waitingService();
  const { port, failures } = await given({ services });
  const client = new AmqpClient(port);
  const [tenants, others] = [await client.service('tenant'), await client.service('tenant')];
  void tenants.ask('get');
  while (waiting.length < 1) await new Promise((resolve) => setImmediate(resolve));
  tenants.receiver.close();
  await once(tenants.receiver, 'receiver_close');
  const answer = others.ask('get');
  while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
  for (const each of waiting) each();
  expect(await answer).toMatchObject({ status: 200 });
  expect(failures).toEqual([]);
});

test('a request that is too large ends only the connection of its client', async () => {
  const { port } = await given({ bounds: { maxMessageBytes: 1_000 } });
  const [client, other] = [new AmqpClient(port), new AmqpClient(port)];
  const tenants = await client.service('tenant');
  void tenants.ask('get', { body: { 'tenant-id': 'x'.repeat(2_000) } });
  expect(await client.ended).toMatch(/^amqp:/);
  expect(await (await other.service('tenant')).ask('get', { body: { 'tenant-id': 'x' } })).toMatchObject({
    status: 404,
  });
});

test('a client with too many links on a session is disconnected', async () => {
  const { port } = await given({ bounds: { maxLinks: 4 } });
  const client = new AmqpClient(port);
  expect(await client.isOpen()).toBe(true);
  for (let link = 0; link < 6; link++)
    client.connection.open_receiver({ source: { address: `tenant/${link}` } });
  expect(await client.ended).toMatch(/^amqp:/);
});

test('a client that gives no credit has a bounded number of waiting answers, and further ones are dropped', async () => {
  const { port, answers, log } = await given({ bounds: { maxUnderWay: 10_000 } });
  const client = new AmqpClient(port);
  const sender = await client.target('tenant');
  const receiver = await client.source('tenant/none', 0);
  if (typeof sender === 'string' || typeof receiver === 'string') throw new Error('refused');
  for (let each = 0; each < 1_200; each++) {
    while (!sender.sendable()) await once(sender, 'sendable');
    sender.send({ message_id: each, subject: 'get', reply_to: 'tenant/none', body: undefined });
  }
  while (answers.length < 1_200) await new Promise((resolve) => setImmediate(resolve));
  expect(
    log.lines.filter(({ message }) => message === 'the client gives no credit for an answer'),
  ).toHaveLength(200);
  const heard: unknown[] = [];
  receiver.on('message', ({ message }: rhea.EventContext) => heard.push(message?.correlation_id));
  receiver.add_credit(1_000);
  while (heard.length < 1_000) await once(receiver, 'message');
  expect(heard.slice(0, 3)).toEqual([0, 1, 2]);
});
