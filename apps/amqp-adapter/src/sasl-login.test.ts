import { connect } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { startForTest, type AdapterInTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { createCertificateAuthority, localhostCertificate } from '@rollcall/conformance/certificates';
import { scriptedAuthorities, scriptedPassword } from '@rollcall/conformance/registry';
import { afterEach, describe, expect, test } from 'vitest';
import { createAmqpAdapter, type AmqpAdapterOptions } from './adapter.ts';
import { limits } from './testing/options.ts';
import {
  amqpHeader,
  openFrame,
  rawClient,
  saslHeader,
  saslInit,
  saslResponse,
  type RawClient,
} from './testing/raw-client.ts';

const clients: RawClient[] = [];
const adapters: AdapterInTest[] = [];

afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

const loopback = { host: '127.0.0.1', port: 0 };

async function givenAnAdapter(
  facts: Partial<AmqpAdapterOptions> = { plain: loopback },
  setting: TestSetting = {},
): Promise<AdapterInTest> {
  const options: AmqpAdapterOptions = { ...limits, maxPendingSockets: 100, ...facts };
  const adapter = await startForTest(createAmqpAdapter(options), setting);
  adapters.push(adapter);
  return adapter;
}

function come(adapter: AdapterInTest, tls?: ConnectionOptions): RawClient {
  const { port } = adapter.address;
  const client = rawClient(
    tls
      ? connectTls({
          port,
          host: '127.0.0.1',
          servername: 'localhost',
          ca: localhostCertificate().cert,
          ...tls,
        })
      : connect(port, '127.0.0.1'),
  );
  clients.push(client);
  return client;
}

/** Names of the mechanisms that are offered. */
async function offered(client: RawClient): Promise<readonly string[]> {
  client.say(saslHeader);
  expect(await client.hear()).toEqual(Buffer.from(saslHeader));
  const mechanisms = await client.hear();
  return mechanisms?.toString('latin1').match(/[A-Z]{5,}/g) ?? [];
}

/** The code of the outcome, from the bytes of its frame (AMQP 1.0 §5.3.3.6). */
async function outcomeOf(client: RawClient, ...init: readonly Uint8Array[]): Promise<number | undefined> {
  client.say(...init);
  const frame = await client.hear();
  // A SASL frame, a described list of type sasl-outcome, and in it a ubyte.
  expect(frame?.subarray(4, 11)).toEqual(Buffer.from([2, 1, 0, 0, 0x00, 0x53, 0x44]));
  const code = frame?.lastIndexOf(0x50) ?? -1;
  return frame?.[code + 1];
}

const plain = (username = 'thermostat-7@acme', password = scriptedPassword): Uint8Array =>
  saslInit('PLAIN', `\0${username}\0${password}`);

describe('the outcome of SASL', () => {
  test.each([
    ['ok for the right password', plain(), 0, undefined],
    ['auth for a wrong one', plain('thermostat-7@acme', 'guess'), 1, 'wrong-secret'],
    ['auth for an unknown tenant', plain('thermostat-7@nowhere'), 1, 'unknown-tenant'],
    ['auth for a response that means nothing', saslInit('PLAIN', 'x'), 1, 'credentials-malformed'],
    [
      'auth for a mechanism that is not offered',
      saslInit('SCRAM-SHA-256', 'n,,n=u,r=x'),
      1,
      'credentials-missing',
    ],
    ['auth for devices that do not say who they are', saslInit('ANONYMOUS'), 1, 'credentials-missing'],
    ['auth for a certificate that is not there', saslInit('EXTERNAL'), 1, 'credentials-missing'],
  ])('is %s', async (_what, init, code, problem) => {
    const adapter = await givenAnAdapter();
    const client = come(adapter);
    expect(await offered(client)).toEqual(['PLAIN']);
    expect(await outcomeOf(client, init)).toBe(code);
    // Whoever failed has no second try: the connection ends.
    if (code !== 0) expect(await client.hear()).toBeUndefined();
    const refused = adapter.logged.filter(({ message }) => message === 'device refused');
    expect(refused).toMatchObject(problem === undefined ? [] : [{ facts: { problem } }]);
    expect(adapter.sink.events).toEqual([]);
  });

  test('is sys-temp while the registry is away', async () => {
    const adapter = await givenAnAdapter();
    adapter.registry.unavailable = true;
    const client = come(adapter);
    await offered(client);
    expect(await outcomeOf(client, plain())).toBe(4);
    expect(await client.hear()).toBeUndefined();
  });

  test('is sys-temp where too many come at once', async () => {
    const admission = { maxRunning: 1, maxWaiting: 0, maxWaitMs: 1_000 };
    const adapter = await givenAnAdapter({ plain: loopback }, { settings: { admission } });
    const release = adapter.registry.hold();
    const [first, second] = [come(adapter), come(adapter)];
    await offered(first);
    first.say(plain());
    while (adapter.registry.asked === 0) await settled();
    await offered(second);
    expect(await outcomeOf(second, plain('valve-1@acme'))).toBe(4);
    release();
    expect(await outcomeOf(first)).toBe(0);
  });
});

test.each([
  ['AMQP 1.0 without SASL', amqpHeader],
  ['AMQP 0-9-1', Buffer.from('AMQP\u0000\u0000\u0009\u0001')],
  ['a later version', Buffer.from('AMQP\u0003\u0002\u0000\u0000')],
  ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
])('a client that begins with %s hears what it may begin with, and is closed', async (_what, said) => {
  const adapter = await givenAnAdapter();
  const client = come(adapter);
  client.say(said);
  expect(await client.hear()).toEqual(saslHeader);
  expect(await client.hear()).toBeUndefined();
  expect(adapter.sink.events).toEqual([]);
});

test('a second try on one connection is cut off', async () => {
  const adapter = await givenAnAdapter();
  const client = come(adapter);
  await offered(client);
  client.say(plain('thermostat-7@acme', 'guess'), plain());
  while (await client.hear());
  expect(adapter.sink.events).toEqual([]);
  expect(adapter.logged.map(({ facts }) => facts)).toContainEqual(
    expect.objectContaining({ problem: 'SASL begins twice' }),
  );
});

test('a second step, which no mechanism has, ends the connection', async () => {
  const adapter = await givenAnAdapter();
  const release = adapter.registry.hold();
  const client = come(adapter);
  await offered(client);
  client.say(plain(), saslResponse(), amqpHeader, openFrame('unit-1'));
  expect(await client.hear()).toBeUndefined();
  release();
  await settled();
  expect(adapter.sink.events).toEqual([]);
});

test('a client that says everything at once is let in when its password, of any UTF-8, was verified', async () => {
  const matched = { hashFunction: 'sha-256' as const, pwdHash: 'any' };
  const passwords = {
    verify: async (_credentials: unknown, password: Uint8Array) =>
      Buffer.from(password).toString() === 'sécrèt€ 密' ? { matched } : ('invalid' as const),
  };
  const adapter = await givenAnAdapter({ plain: loopback }, { passwords });
  adapter.registry.secrets = { ...adapter.registry.secrets, 'hashed-password': [matched] };
  const release = adapter.registry.hold();
  const client = come(adapter);
  client.say(saslHeader, plain('thermostat-7@acme', 'sécrèt€ 密'), amqpHeader, openFrame('unit-1'));
  while (adapter.registry.asked === 0) await settled();
  expect(adapter.sink.events).toEqual([]);
  release();
  expect(await client.hear()).toEqual(Buffer.from(saslHeader));
  await client.hear();
  expect(await outcomeOf(client)).toBe(0);
  expect(await client.hear()).toEqual(Buffer.from(amqpHeader));
  // An Open, which offers to be a relay for whatever `to` says.
  const open = await client.hear();
  expect(open?.[10]).toBe(0x10);
  expect(open?.toString('latin1')).toContain('ANONYMOUS-RELAY');
  expect((await adapter.events(1))[0]).toMatchObject({ type: 'connected', remoteId: 'unit-1' });
});

describe('a client certificate', () => {
  const subject = 'CN=thermostat-7,O=acme';
  const { acme } = scriptedAuthorities;
  const overTls = (): Promise<AdapterInTest> =>
    givenAnAdapter({ tls: { ...loopback, ...localhostCertificate() } });

  test('is what EXTERNAL is offered for, and logs in without a word', async () => {
    const adapter = await overTls();
    const { key, cert } = acme.issue({ subject });
    const client = come(adapter, { key, cert });
    expect(await offered(client)).toEqual(['EXTERNAL', 'PLAIN']);
    expect(await outcomeOf(client, saslInit('EXTERNAL'))).toBe(0);
    client.say(amqpHeader, openFrame(''));
    expect((await adapter.events(1))[0]).toMatchObject({
      device: { tenant: 'acme', device: 'thermostat-7' },
      remoteId: subject,
    });
  });

  test('of an authority that two tenants trust is one of the tenant that the server name names', async () => {
    const adapter = await overTls();
    const { subject: subjectDn, publicKey, issue } = acme;
    adapter.registry.setTenant('umbrella', { alias: 'rain', trustAnchors: [{ subjectDn, publicKey }] });
    const { key, cert } = issue({ subject: 'CN=valve-1,O=umbrella' });
    for (const [servername, outcome] of [
      ['localhost', 1],
      ['acme.localhost', 1],
      ['rain.localhost', 0],
    ] as const) {
      const client = come(adapter, { key, cert, servername, rejectUnauthorized: false });
      await offered(client);
      expect(await outcomeOf(client, saslInit('EXTERNAL')), servername).toBe(outcome);
    }
  });

  test('does not keep a device from logging in with its password', async () => {
    const { key, cert } = acme.issue({ subject });
    const client = come(await overTls(), { key, cert });
    await offered(client);
    expect(await outcomeOf(client, plain('valve-1@acme'))).toBe(0);
  });

  test('need not be there', async () => {
    const client = come(await overTls(), {});
    expect(await offered(client)).toEqual(['PLAIN']);
  });

  test('that no tenant vouches for is none', async () => {
    const adapter = await overTls();
    const { key, cert } = createCertificateAuthority(acme.subject).issue({ subject });
    const client = come(adapter, { key, cert });
    expect(await offered(client)).toEqual(['EXTERNAL', 'PLAIN']);
    expect(await outcomeOf(client, saslInit('EXTERNAL'))).toBe(1);
    expect(await client.hear()).toBeUndefined();
    expect(adapter.logged).toContainEqual({
      level: 'debug',
      message: 'device refused',
      facts: expect.objectContaining({ subject, issuer: acme.subject, reason: 'bad-credentials' }),
    });
  });

  test('ends the connection when it expires', async () => {
    const adapter = await overTls();
    const { key, cert } = acme.issue({ subject, notAfter: adapter.clock.now() + 30_000 });
    const client = come(adapter, { key, cert });
    await offered(client);
    expect(await outcomeOf(client, saslInit('EXTERNAL'))).toBe(0);
    client.say(amqpHeader, openFrame('unit-1'));
    await adapter.events(1);
    // Its last second belongs to it.
    await adapter.clock.advanceAsync(30_999);
    expect(adapter.sink.events).toHaveLength(1);
    await adapter.clock.advanceAsync(1);
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'credentials-expired', uncertaintyMs: 0 });
  });
});

test('where devices need not say who they are, ANONYMOUS is offered, and no event tells of them', async () => {
  const adapter = await givenAnAdapter({ plain: loopback, authenticationRequired: false });
  const client = come(adapter);
  expect(await offered(client)).toEqual(['PLAIN', 'ANONYMOUS']);
  expect(await outcomeOf(client, saslInit('ANONYMOUS'))).toBe(0);
  client.say(amqpHeader, openFrame('unit-1'));
  expect(await client.hear()).toEqual(Buffer.from(amqpHeader));
  expect((await client.hear())?.[10]).toBe(0x10);
  await adapter.clock.advanceAsync(60_000);
  // A Close: silence is still noticed.
  expect((await client.hear())?.[10]).toBe(0x18);
  expect(adapter.sink.events).toEqual([]);
});
