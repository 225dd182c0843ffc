import { once } from 'node:events';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { startAdapter } from '@rollcall/adapter-process';
import { describeAdapter } from '@rollcall/adapter-conformance';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';
import { recordingLog, RecordingSender, RecordingSink, settled } from '@rollcall/conformance';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { arrived } from '@rollcall/conformance/machine';
import { scriptedAuthorities, ScriptedRegistry, scriptedPasswords } from '@rollcall/conformance/registry';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { afterEach, describe, expect, test } from 'vitest';
import { createTemplateAdapter, type TemplateAdapterOptions } from './adapter.ts';
import { connectDevice, welcome } from './testing/connect-device.ts';
import { endOfTalk, goodbye, hears, objections, says } from './testing/says.ts';
import { options } from './testing/options.ts';

const upload = says.event('text/plain', '21');

describeAdapter('Template', {
  bytes: {
    login: says.login(),
    heard: (answer) => Buffer.from(answer).includes(Buffer.from(hears.welcome)),
    upload: () => upload,
    sign: says.ping,
    ...(goodbye && { goodbye }),
    broken: says.nonsense,
    atOnce: { bytes: Buffer.concat([says.login(), upload, ...endOfTalk]), uploads: 1 },
  },
  createAdapter: (limits) => createTemplateAdapter({ ...options, ...limits }),
  answersGoodbye: goodbye !== undefined,
  silenceMs: options.idleLimitMs,
  // Nothing in the protocol names a connection: a device may have several.
  cannot: ['takeOver', ...(goodbye ? [] : (['leave'] as const))],
  temporary: `error ${objections.throttled}`,
  async connect({ port }, { username, password }, heard) {
    const device = connectDevice(port);
    const answer = await device.logIn(username, password);
    if (answer !== welcome) {
      heard?.(String(answer));
      return undefined;
    }
    return {
      async leave() {
        device.send(...endOfTalk);
        await device.next();
      },
      async vanish() {
        device.socket.destroy();
      },
      // It talks only when asked to.
      fallSilent: async () => {},
    };
  },
});

const adapters: AdapterInTest[] = [];

afterEach(async () => {
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

async function givenAnAdapter(facts: Partial<TemplateAdapterOptions> = {}): Promise<AdapterInTest> {
  const adapter = await startForTest(createTemplateAdapter({ ...options, ...facts }));
  adapters.push(adapter);
  return adapter;
}

async function givenADevice(facts: Partial<TemplateAdapterOptions> = {}) {
  const adapter = await givenAnAdapter(facts);
  const device = connectDevice(adapter.address.port);
  expect(await device.logIn()).toBe(welcome);
  return { ...adapter, device };
}

describe('a network connection without a login', () => {
  test.each([
    ['another request', says.ping, objections.loginFirst],
    ['nonsense', says.nonsense, objections.nonsense],
    ['a request that is too long', says.login(undefined, 'x'.repeat(300)), objections.tooLong],
    ['a wrong password', says.login(undefined, 'guess-me'), objections.wrongPassword],
  ])('is closed after %s', async (_what, request, text) => {
    const { address, sink } = await givenAnAdapter();
    const device = connectDevice(address.port);
    device.send(request);
    expect(await device.next()).toBe(`error ${text}`);
    expect(await device.next()).toBeUndefined();
    expect(sink.events).toEqual([]);
  });

  test('is closed when the time for the login is over', async () => {
    const { address, clock } = await givenAnAdapter();
    const device = connectDevice(address.port);
    device.send(says.login().subarray(0, 5));
    while (clock.armed === 0) await settled();
    await clock.advanceAsync(options.loginTimeoutMs);
    expect(await device.next()).toBe(`error ${objections.lateLogin}`);
    expect(await device.next()).toBeUndefined();
  });

  test('gives way as the oldest when too many wait; a device that logged in does not', async () => {
    const { address } = await givenAnAdapter({ maxPendingSockets: 1 });
    const first = connectDevice(address.port);
    expect(await first.logIn()).toBe(welcome);
    const second = connectDevice(address.port);
    await once(second.socket, 'connect');
    expect(await connectDevice(address.port).logIn()).toBe(welcome);
    expect(await second.next()).toBeUndefined();
    first.send(says.ping);
    expect(await first.next()).toBe('ok');
  });

  test('a device that leaves while it is authenticated was never connected', async () => {
    const { address, registry, sink } = await givenAnAdapter();
    const getTenant = registry.getTenant.bind(registry);
    let release = (): void => {};
    const asked = new Promise<void>((resolve) => {
      registry.getTenant = async (tenant) => {
        resolve();
        await new Promise<void>((free) => (release = free));
        return getTenant(tenant);
      };
    });
    const device = connectDevice(address.port);
    device.send(says.login());
    await asked;
    device.socket.resetAndDestroy();
    await settled();
    release();
    await settled();
    expect(sink.events).toEqual([]);
  });
});

describe('a connected device', () => {
  test('is in the event with its auth-id, its address and its idle limit', async () => {
    const { device, events } = await givenADevice();
    expect((await events(1))[0]).toMatchObject({
      remoteId: 'thermostat-7',
      protocol: 'Template',
      remoteAddress: `127.0.0.1:${device.socket.localPort}`,
      basis: { kind: 'session', detectWithinMs: 60_000 },
      adapter: { type: 'rollcall-template' },
    });
  });

  test('uploads telemetry and events, and hears that they were accepted', async () => {
    const { device, sender } = await givenADevice();
    device.send(says.telemetry('text/plain', '21.5 °C'));
    expect(await device.next()).toBe('ok');
    device.send(says.event('application/json', '{"alarm": true}'));
    expect(await device.next()).toBe('ok');
    expect(sender.messages).toMatchObject([
      { endpoint: 'telemetry', contentType: 'text/plain', origAdapter: 'rollcall-template' },
      { endpoint: 'event', contentType: 'application/json', device: { device: 'thermostat-7' } },
    ]);
    expect(Buffer.from(sender.messages[0]?.payload ?? []).toString()).toBe('21.5 °C');
  });

  test.each([
    ['nonsense', says.nonsense, objections.nonsense],
    ['a second login', says.login(), objections.secondLogin],
    ['a request that is too long', says.event('a/b', 'x'.repeat(300)), objections.tooLong],
  ])('that sends %s broke the protocol', async (_what, request, text) => {
    const { device, events } = await givenADevice();
    device.send(request);
    expect(await device.next()).toBe(`error ${text}`);
    expect(await device.next()).toBeUndefined();
    expect((await events(2))[1]).toMatchObject({ reason: 'protocol-error', raw: { text }, uncertaintyMs: 0 });
  });

  test('stays as long as it sends whole requests, and was last seen with its last byte', async () => {
    const { device, clock, sink, events } = await givenADevice();
    for (let i = 0; i < 5; i++) {
      await clock.advanceAsync(50_000);
      device.send(says.ping);
      expect(await device.next()).toBe('ok');
    }
    expect(sink.events).toHaveLength(1);
    await clock.advanceAsync(50_000);
    device.send(says.ping.subarray(0, 2));
    await arrived(device.socket);
    expect(sink.events).toHaveLength(1);
    await clock.advanceAsync(10_000);
    expect(await device.next()).toBe(`error ${objections.silence}`);
    expect((await events(2))[1]).toMatchObject({ reason: 'keepalive-timeout', uncertaintyMs: 10_000 });
  });

  test('whose access ended between two requests is told, and disconnected', async () => {
    const { device, registry, events } = await givenADevice();
    registry.assertRegistration = async () => ({ status: 'not-found' });
    device.send(upload);
    expect(await device.next()).toBe(`error ${objections.accessRevoked}`);
    expect(await device.next()).toBeUndefined();
    expect((await events(2))[1]).toMatchObject({ reason: 'access-revoked' });
  });

  test('is told when the adapter stops', async () => {
    const { device, running } = await givenADevice();
    await running.stop({ graceMs: 0 });
    expect(await device.next()).toBe(`error ${objections.shutdown}`);
    expect(await device.next()).toBeUndefined();
  });

  test('may have a second connection', async () => {
    const { address, events } = await givenADevice();
    expect(await connectDevice(address.port).logIn()).toBe(welcome);
    expect((await events(2)).map(({ type }) => type)).toEqual(['connected', 'connected']);
  });
});

describe('a device over TLS', () => {
  const { key, cert } = localhostCertificate();
  const { plain: _plain, ...withoutPlain } = options;

  async function givenAnAdapterWithTls() {
    const adapter = await startForTest(
      createTemplateAdapter({ ...withoutPlain, tls: { host: '127.0.0.1', port: 0, key, cert } }),
    );
    adapters.push(adapter);
    return adapter;
  }

  function connectSecurely(port: number, own: ConnectionOptions = {}) {
    const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: cert, ...own });
    return connectDevice(port, socket);
  }

  test('logs in with its password, uploads, and hangs up', async () => {
    const { address, events, sender } = await givenAnAdapterWithTls();
    expect(address.scheme).toBe('templates');
    const device = connectSecurely(address.port);
    expect(await device.logIn()).toBe(welcome);
    device.send(upload);
    device.socket.end();
    expect([await device.next(), await device.next()]).toEqual(['ok', undefined]);
    expect(sender.messages).toHaveLength(1);
    expect(await events(2)).toMatchObject([
      { type: 'connected', device: { tenant: 'acme', device: 'thermostat-7' } },
      { type: 'disconnected', reason: 'connection-lost', clean: false },
    ]);
  });

  test('belongs to the tenant that the server name names, where several trust one authority', async () => {
    const { address, events, registry } = await givenAnAdapterWithTls();
    const { subject: subjectDn, publicKey, issue } = scriptedAuthorities.acme;
    registry.setTenant('umbrella', { alias: 'rain', trustAnchors: [{ subjectDn, publicKey }] });
    const own = issue({ subject: 'CN=valve-1,O=umbrella' });
    for (const [servername, isIn] of [
      ['localhost', false],
      ['acme.localhost', false],
      ['rain.localhost', true],
    ] as const) {
      const facts = { key: own.key, cert: own.cert, servername, rejectUnauthorized: false };
      const device = connectSecurely(address.port, facts);
      device.send(says.loginWithoutAWord);
      expect((await device.next()) === 'ok', servername).toBe(isIn);
    }
    expect((await events(1))[0]).toMatchObject({ device: { tenant: 'umbrella', device: 'valve-1' } });
  });

  test('logs in with its certificate, and without a word', async () => {
    const { address, events } = await givenAnAdapterWithTls();
    const own = scriptedAuthorities.umbrella.issue({ subject: 'CN=valve-1,O=umbrella' });
    const device = connectSecurely(address.port, { key: own.key, cert: own.cert });
    device.send(says.loginWithoutAWord);
    expect(await device.next()).toBe('ok');
    expect((await events(1))[0]).toMatchObject({ device: { tenant: 'umbrella', device: 'valve-1' } });
  });

  test.each([
    ['no certificate', objections.loginWithoutCredentials, undefined],
    ['a certificate of a stranger', objections.wrongPassword, 'CN=stranger,O=umbrella'],
  ])('is refused with %s and no password', async (_what, text, subject) => {
    const { address, sink } = await givenAnAdapterWithTls();
    const own = subject === undefined ? {} : scriptedAuthorities.umbrella.issue({ subject });
    const device = connectSecurely(address.port, own);
    device.send(says.loginWithoutAWord);
    expect(await device.next()).toBe(`error ${text}`);
    expect(await device.next()).toBeUndefined();
    expect(sink.events).toEqual([]);
  });

  test('is refused by the port without TLS where it sends no credentials', async () => {
    const { address } = await givenAnAdapter();
    const device = connectDevice(address.port);
    device.send(says.loginWithoutAWord);
    expect(await device.next()).toBe(`error ${objections.loginWithoutCredentials}`);
  });
});

test('on the real clock, silence ends a connection', async () => {
  const sink = new RecordingSink();
  const running = await startAdapter({
    adapter: createTemplateAdapter({ ...options, idleLimitMs: 50 }),
    registry: new ScriptedRegistry(),
    passwords: scriptedPasswords(systemClock),
    sinks: [sink],
    sender: new RecordingSender(),
    clock: systemClock,
    random: systemRandom,
    log: recordingLog(),
    settings: {
      adapterId: 'template-0',
      exposeRemoteAddress: true,
      maxConnections: 10,
      maxMessagesPerSecond: 0,
      admission: { maxRunning: 10, maxWaiting: 10, maxWaitMs: 1_000 },
      commitWaitMs: 50,
      announceIntervalMs: 0,
      outbox: { maxEvents: 100, maxBytes: 100_000 },
    },
  });
  const device = connectDevice(running.listening[0]?.port ?? 0);
  expect(await device.logIn()).toBe(welcome);
  expect(await device.next()).toBe(`error ${objections.silence}`);
  await running.stop({ graceMs: 1_000 });
  const [, end] = sink.events;
  expect(end).toMatchObject({ reason: 'keepalive-timeout', clean: false });
  expect(end?.type === 'disconnected' && end.uncertaintyMs).toBeGreaterThanOrEqual(50);
});
