import { internalsOf } from '@rollcall/rhea-internals';
import rhea from 'rhea';
import { expect, test } from 'vitest';
import { rightsOf } from '../auth/rights.ts';
import { AmqpClient } from '../testing/amqp-client.ts';
import { memoryStore } from '../testing/memory-store.ts';
import { startServices, type StartServicesFacts } from '../testing/start-services.ts';
import { trustedCa } from '../testing/stored.ts';
import { answerMessage } from './answer-message.ts';

async function given(facts: StartServicesFacts = {}) {
  const { store, ...fill } = memoryStore();
  const services = await startServices(store, facts);
  const client = new AmqpClient(services.port);
  expect(await client.isOpen()).toBe(true);
  return { ...fill, ...services, store, client };
}

const password = {
  type: 'hashed-password',
  'auth-id': 'sensor-1',
  secrets: [
    { id: 's-1', 'hash-function': 'sha-512', 'pwd-hash': 'aGFzaA==' },
    { id: 's-2', 'hash-function': 'bcrypt', 'pwd-hash': '$2a$10$x' },
  ],
};

test('a tenant is answered by its id, its alias and its authority, each as Hono writes it', async () => {
  const { client, tenant } = await given();
  await tenant('acme', { alias: 'a', defaults: { ttl: 3 }, 'trusted-ca': [trustedCa()] });
  const tenants = await client.service('tenant');
  const { status, message, json } = await tenants.ask('get', { body: { 'tenant-id': 'acme' } });
  expect(status).toBe(200);
  expect(json).toMatchObject({ 'tenant-id': 'acme', enabled: true, defaults: { ttl: 3 } });
  expect(message).toMatchObject({
    to: 'tenant/acme',
    content_type: 'application/json',
    correlation_id: 'request-0',
    application_properties: { tenant_id: 'acme', cache_control: 'max-age = 180' },
  });
  for (const key of [{ 'tenant-id': 'a' }, { 'subject-dn': 'CN=ca,O=Acme' }])
    expect((await tenants.ask('get', { body: key })).json).toEqual(json);
});

test('a look-up that finds nothing is answered with 404, and without a body', async () => {
  const { client, tenant } = await given();
  const missing = await (await client.service('tenant')).ask('get', { body: { 'tenant-id': 'acme' } });
  expect(missing).toMatchObject({ status: 404, json: undefined, message: { to: 'tenant/acme' } });
  expect(missing.message.application_properties).not.toHaveProperty('cache_control');
  await tenant('acme');
  const registration = await client.service('registration/acme');
  expect(await registration.ask('assert', { application_properties: { device_id: 'd-1' } })).toMatchObject({
    status: 404,
    message: {
      to: 'registration/acme/d-1',
      application_properties: { tenant_id: 'acme', device_id: 'd-1' },
    },
  });
});

test('a device is asserted, alone and through a gateway, until its tenant is gone', async () => {
  const { client, tenant, device, store } = await given();
  await tenant('acme');
  await device('gw-1', { memberOf: ['g'] });
  await device('d-1', { viaGroups: ['g'], defaults: { a: 1 }, 'command-endpoint': { uri: 'https://x' } });
  const registration = await client.service('registration/acme');
  const ask = (gateway_id?: string) =>
    registration.ask('assert', {
      application_properties: { device_id: 'd-1', ...(gateway_id !== undefined && { gateway_id }) },
    });
  const expected = {
    'device-id': 'd-1',
    via: ['gw-1'],
    defaults: { a: 1 },
    'command-endpoint': { uri: 'https://x' },
  };
  expect(await ask()).toMatchObject({
    status: 200,
    json: expected,
    message: { application_properties: { cache_control: 'max-age = 300' } },
  });
  expect(await ask('gw-1')).toMatchObject({ status: 200, json: expected });
  expect(await ask('gw-2')).toMatchObject({ status: 403 });
  await store.write({ kind: 'delete-tenant', tenant: 'acme' });
  expect(await ask()).toMatchObject({ status: 404 });
});

test('credentials are answered with all their secrets, until their device is gone', async () => {
  const { client, tenant, device, store } = await given();
  await tenant('acme');
  await device('d-1', {}, [password]);
  const credentials = await client.service('credentials/acme');
  const ask = () => credentials.ask('get', { body: { type: 'hashed-password', 'auth-id': 'sensor-1' } });
  expect(await ask()).toMatchObject({ status: 200, json: { ...password, 'device-id': 'd-1' } });
  await store.write({ kind: 'delete-device', tenant: 'acme', device: 'd-1' });
  expect(await ask()).toMatchObject({ status: 404 });
});

test('a request that cannot be understood is answered with the reason, as text', async () => {
  const { client } = await given();
  const answer = await (await client.service('tenant')).ask('get', { body: { nothing: true } });
  expect(answer).toMatchObject({ status: 400, text: 'request has neither tenant-id nor subject-dn' });
  expect(answer.message.to).toBeUndefined();
});

test('an answer has the correlation id of its request, where that has one', async () => {
  const { client } = await given();
  const { sender, receiver, replyTo } = await client.service('tenant');
  const answered = new Promise<unknown>((resolve) =>
    receiver.on('message', ({ message }: rhea.EventContext) => resolve(message?.correlation_id)),
  );
  sender.send({ message_id: 'm', correlation_id: 'c', subject: 'get', reply_to: replyTo, body: undefined });
  expect(await answered).toBe('c');
});

test('the status is an int on the wire, as Hono reads it', async () => {
  const { client } = await given();
  const { message } = await (await client.service('tenant')).ask('get', { body: { 'tenant-id': 'x' } });
  const context = { endpoint: 'tenant', request: { correlationId: 'c', properties: {} }, messageId: 'm' };
  const bytes = rhea.message.encode(answerMessage({ kind: 'result', status: 404 }, context));
  // int 404, after the name (AMQP 1.0 §1.6.10).
  expect(bytes.includes(Buffer.from([...Buffer.from('status'), 0x71, 0, 0, 1, 0x94]))).toBe(true);
  expect(message.application_properties?.['status']).toBe(404);
});

test.each<[string, Partial<rhea.Message>]>([
  ['no subject', { message_id: 'm', reply_to: 'tenant/r' }],
  ['no reply-to', { message_id: 'm', subject: 'get' }],
  ['neither message-id nor correlation-id', { subject: 'get', reply_to: 'tenant/r' }],
])('a request with %s is rejected, and the link goes on', async (_what, message) => {
  const { client } = await given();
  const tenants = await client.service('tenant');
  const rejected = new Promise<unknown>((resolve) =>
    tenants.sender.on('rejected', ({ delivery }: rhea.EventContext) =>
      resolve((delivery?.remote_state as { error?: { condition?: string } } | undefined)?.error?.condition),
    ),
  );
  tenants.sender.send({ ...message, body: undefined });
  expect(await rejected).toBe('hono:bad-request');
  expect(await tenants.ask('get', { body: { 'tenant-id': 'x' } })).toMatchObject({ status: 404 });
});

test('a request without a link for its answer is accepted and not answered, and no other client gets the answer', async () => {
  const { client, port, answers } = await given();
  const other = new AmqpClient(port);
  const tenants = await client.service('tenant');
  const elsewhere = await other.source('tenant/other');
  const accepted = new Promise((resolve) => tenants.sender.once('accepted', resolve));
  tenants.sender.send({ message_id: 'm', subject: 'get', reply_to: 'tenant/other', body: undefined });
  await accepted;
  await tenants.ask('get', { body: { 'tenant-id': 'x' } });
  expect(typeof elsewhere).toBe('object');
  expect(answers).toEqual(['tenant 404']);
});

test('a link has credit for a hundred requests, and gets new credit with each answer', async () => {
  const { client } = await given();
  const tenants = await client.service('tenant');
  expect(internalsOf(tenants.sender).credit).toBe(100);
  const answers = await Promise.all(
    Array.from({ length: 500 }, async (_each, number) => {
      while (!tenants.sender.sendable())
        await new Promise((resolve) => tenants.sender.once('sendable', resolve));
      return tenants.ask('get', { body: { 'tenant-id': `t-${number}` } });
    }),
  );
  expect(answers.map(({ message }) => message.to)).toEqual(
    Array.from({ length: 500 }, (_each, number) => `tenant/t-${number}`),
  );
});

test('answers wait for credit, and keep their order', async () => {
  const { client } = await given();
  const sender = await client.target('tenant');
  const receiver = await client.source('tenant/slow', 0);
  if (typeof sender === 'string' || typeof receiver === 'string') throw new Error('refused');
  const heard: unknown[] = [];
  receiver.on('message', ({ message }: rhea.EventContext) => heard.push(message?.correlation_id));
  for (let id = 0; id < 10; id++)
    sender.send({ message_id: `m-${id}`, subject: 'get', reply_to: 'tenant/slow', body: undefined });
  // The answers of another link are not held up.
  expect(await (await client.service('tenant')).ask('get', { body: { 'tenant-id': 'x' } })).toMatchObject({
    status: 404,
  });
  expect(heard).toEqual([]);
  receiver.add_credit(4);
  while (heard.length < 4) await new Promise((resolve) => receiver.once('message', resolve));
  receiver.add_credit(6);
  while (heard.length < 10) await new Promise((resolve) => receiver.once('message', resolve));
  expect(heard).toEqual(Array.from({ length: 10 }, (_each, id) => `m-${id}`));
});

const hono = rightsOf([
  ['r:tenant', 'RW'],
  ['o:tenant/acme:*', 'E'],
  ['r:registration/acme', 'RW'],
  ['r:credentials/acme', 'W'],
]);
const limited = { limited: { status: 'accepted', identity: { name: 'limited', rights: hono } } } as const;

test.each<[string, string | undefined, string, object?]>([
  ['without an address', undefined, 'amqp:not-allowed'],
  ['to no endpoint', 'telemetry/acme', 'amqp:not-found'],
  ['to no tenant of its own', 'registration/other', 'amqp:unauthorized-access'],
  ['that wants no outcome', 'tenant', 'amqp:precondition-failed', { snd_settle_mode: 1 }],
])('a link for requests %s is refused', async (_what, address, condition, options) => {
  const { port } = await given({ users: limited });
  const client = new AmqpClient(port, { username: 'limited' });
  expect(await client.target(address, options)).toBe(condition);
});

test.each<[string, string, string]>([
  ['from no endpoint', 'telemetry/acme/x', 'amqp:not-found'],
  ['of a tenant alone', 'registration/acme', 'amqp:invalid-field'],
  ['of the tenant service itself', 'tenant', 'amqp:invalid-field'],
  ['without the right', 'credentials/acme/x', 'amqp:unauthorized-access'],
  ['of no tenant of its own', 'registration/other/x', 'amqp:unauthorized-access'],
])('a link for answers %s is refused', async (_what, address, condition) => {
  const { port } = await given({ users: limited });
  const client = new AmqpClient(port, { username: 'limited' });
  expect(await client.source(address)).toBe(condition);
});

test('a second link for answers with the same address is refused until the first is closed', async () => {
  const { client } = await given();
  const first = await client.source('tenant/r');
  expect(await client.source('tenant/r')).toBe('amqp:illegal-state');
  if (typeof first === 'string') throw new Error(first);
  first.close();
  await new Promise((resolve) => first.once('receiver_close', resolve));
  expect(typeof (await client.source('tenant/r'))).toBe('object');
});

test('each operation needs its right, and a tenant is answered only to clients with a right to it', async () => {
  const { port, tenant } = await given({ users: limited });
  await tenant('acme', { 'trusted-ca': [trustedCa()] });
  await tenant('other', { alias: 'o', 'trusted-ca': [trustedCa({ 'subject-dn': 'CN=other' })] });
  const client = new AmqpClient(port, { username: 'limited' });
  const tenants = await client.service('tenant');
  const statusOf = async (body: object) => (await tenants.ask('get', { body })).status;
  expect(await statusOf({ 'tenant-id': 'acme' })).toBe(200);
  expect(await statusOf({ 'tenant-id': 'other' })).toBe(403);
  expect(await statusOf({ 'tenant-id': 'o' })).toBe(403);
  expect(await statusOf({ 'subject-dn': 'CN=other' })).toBe(403);
  expect(await statusOf({ 'tenant-id': 'nowhere' })).toBe(404);
  const registration = await client.service('registration/acme');
  expect(await registration.ask('assert', { application_properties: { device_id: 'd-1' } })).toMatchObject({
    status: 403,
    text: 'not authorized to invoke operation',
  });
});
