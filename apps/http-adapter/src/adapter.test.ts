import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { createMemoryJournal } from '@rollcall/outbox';
import { describeAdapter } from '@rollcall/adapter-conformance';
import { startForTest, type AdapterInTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { createCertificateAuthority, localhostCertificate } from '@rollcall/conformance/certificates';
import { scriptedAuthorities, scriptedPassword } from '@rollcall/conformance/registry';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttpAdapter, type HttpAdapterOptions } from './adapter.ts';
import { options } from './testing/options.ts';

const emptyNotification = 'application/vnd.eclipse-hono-empty-notification';

function basic(username: string, password = scriptedPassword): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

interface RequestFacts {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly username?: string;
  readonly signal?: AbortSignal;
}

/** A request of thermostat-7 of acme, with an empty JSON document unless told otherwise. */
function send(port: number, path: string, facts: RequestFacts = {}): Promise<Response> {
  const { method = 'POST', body = '{}', username = 'thermostat-7@acme', signal } = facts;
  const headers = new Headers({
    authorization: basic(username),
    'content-type': 'application/json',
    ...facts.headers,
  });
  if (headers.get('content-type') === '') headers.delete('content-type');
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers,
    ...(body !== '' && { body }),
    ...(signal && { signal }),
  });
}

const goodbye: RequestFacts = { headers: { 'content-type': emptyNotification, 'hono-ttd': '0' }, body: '' };

/** A request as it goes over the wire. */
function said(path: string, headers: readonly string[], body = ''): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: adapter',
    `authorization: ${basic('thermostat-7@acme')}`,
    `content-length: ${body.length}`,
    ...headers,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const uploaded = said('/event', ['content-type: text/plain'], 'x');
const left = said('/event', [`content-type: ${emptyNotification}`, 'hono-ttd: 0']);

describeAdapter('HTTP', {
  bytes: {
    login: said('/telemetry', ['content-type: text/plain'], 'x'),
    heard: (answer) => Buffer.from(answer).includes('202'),
    upload: () => uploaded,
    sign: said('/telemetry', ['content-type: text/plain'], 'x'),
    goodbye: left,
    atOnce: { bytes: Buffer.concat([uploaded, left]), uploads: 1 },
  },
  createAdapter: (limits) => createHttpAdapter({ ...options, ...limits }),
  answersGoodbye: true,
  silenceMs: 600_000,
  // There is no connection: nothing to cut, and nothing to take over.
  cannot: ['vanish', 'takeOver', 'expire', 'multiply'],
  temporary: '429, 2 s',
  async connect({ port }, { username, password }, heard) {
    const authorization = basic(username, password);
    const { status, headers } = await send(port, '/telemetry', { headers: { authorization } });
    if (status !== 202) {
      heard?.(`${status}, ${headers.get('retry-after')} s`);
      return undefined;
    }
    return {
      leave: async () =>
        void (await send(port, '/event', { ...goodbye, headers: { ...goodbye.headers, authorization } })),
      vanish: async () => {},
      fallSilent: async () => {},
    };
  },
});

const adapters: AdapterInTest[] = [];
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

async function givenAnAdapter(
  facts: Partial<HttpAdapterOptions> = {},
  setting: TestSetting = {},
): Promise<AdapterInTest & { readonly port: number }> {
  const adapter = await startForTest(createHttpAdapter({ ...options, ...facts }), setting);
  adapters.push(adapter);
  return { ...adapter, port: adapter.address.port };
}

function causes({ sink }: AdapterInTest): readonly string[] {
  return sink.events.map((event) => (event.type === 'connected' ? 'connected' : event.reason));
}

describe('HTTP uploads', () => {
  test('telemetry and events reach the network as the device sent them', async () => {
    const { port, sender } = await givenAnAdapter();
    const telemetry = await send(port, '/telemetry?hono-ttd=0', { body: '{"temp":21}' });
    expect([telemetry.status, await telemetry.text()]).toEqual([202, '']);
    await send(port, '/event', {
      headers: {
        'hono-ttl': '30',
        'content-type': 'text/plain',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      },
      body: 'hot',
    });
    expect(sender.messages).toMatchObject([
      {
        endpoint: 'telemetry',
        qos: 0,
        contentType: 'application/json',
        origAdapter: 'hono-http',
        origAddress: '/telemetry?hono-ttd=0',
        device: { tenant: 'acme', device: 'thermostat-7' },
      },
      { endpoint: 'event', qos: 1, contentType: 'text/plain', ttlMs: 30_000, origAddress: '/event' },
    ]);
    expect(Buffer.from(sender.messages[0]?.payload ?? []).toString()).toBe('{"temp":21}');
    expect(sender.messages[1]?.traceParent).toContain('a'.repeat(32));
    expect(sender.messages.some(({ ttdSeconds }) => ttdSeconds !== undefined)).toBe(false);
  });

  test.each([
    ['/telemetry/acme/valve-1', 202],
    ['/telemetry//valve-1', 202],
    ['/event//valve-1', 202],
    ['/telemetry//gw-1', 202],
    ['/telemetry//nobody', 403],
    ['/telemetry//thermostat-7', 403],
    ['/telemetry/umbrella/valve-1', 403],
    ['/event/acme/valve-1/', 202],
    ['/event//valve-1/and/more', 202],
    ['/event/umbrella/valve-1/more', 403],
    ['/event/acme/', 404],
    ['/event/acme', 404],
    ['/event', 404],
    [`/event//${'x'.repeat(1_100)}`, 414],
  ])('a gateway that sends PUT to %s is answered %i', async (path, status) => {
    const adapter = await givenAnAdapter();
    const answer = await send(adapter.port, path, { method: 'PUT', username: 'gw-1@acme' });
    expect(answer.status).toBe(status);
    if (status !== 202) expect(await answer.json()).toEqual({ error: expect.any(String) });
    await settled();
    expect(adapter.sink.events.map(({ type, device }) => [type, device.device])).toEqual(
      status === 414 ? [] : [['connected', 'gw-1']],
    );
  });

  test.each<[string, string, RequestFacts, number]>([
    ['no credentials', '/event', { headers: { authorization: '' } }, 401],
    ['no token', '/event', { headers: { authorization: 'Bearer abc' } }, 401],
    ['another scheme', '/event', { headers: { authorization: 'Digest abc' } }, 401],
    ['malformed credentials', '/event', { headers: { authorization: 'Basic ***' } }, 400],
    ['credentials without a colon', '/event', { headers: { authorization: 'Basic YWJj' } }, 401],
    ['QoS 2', '/telemetry', { headers: { 'qos-level': '2' } }, 400],
    ['an event of QoS 0', '/event', { headers: { 'qos-level': '0' } }, 400],
    ['a body with an empty notification', '/event', { headers: { 'content-type': emptyNotification } }, 400],
    ['no body and no content type', '/telemetry', { headers: { 'content-type': '' }, body: '' }, 400],
    ['a body that is too large', '/telemetry', { body: 'x'.repeat(3_000) }, 413],
    ['another path', '/t', {}, 404],
    ['another method', '/telemetry', { method: 'DELETE' }, 405],
    ['an answer to a command', '/command/res/1', {}, 501],
  ])('%s is answered with an error status', async (_what, path, facts, status) => {
    const { port, sender } = await givenAnAdapter();
    const answer = await send(port, path, facts);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await answer.json()).toEqual({ error: expect.stringMatching(/./) });
    expect(answer.headers.get('www-authenticate')).toBe(
      status === 401 ? 'Basic realm="Hono", Bearer realm="Hono"' : null,
    );
    expect(sender.messages).toEqual([]);
  });

  test.each([
    [400, 400, null],
    [404, 404, null],
    [429, 429, '2'],
    [500, 503, '2'],
    [503, 503, '2'],
  ] as const)('where the network answers %i, the device is answered %i', async (status, told, retryAfter) => {
    const { port, sender } = await givenAnAdapter();
    sender.outcome = () => ({ status: 'failed', failure: { status, text: 'no' } });
    const answer = await send(port, '/telemetry');
    expect(answer.status).toBe(told);
    expect(answer.headers.get('retry-after')).toBe(retryAfter);
  });

  test('a device over its message rate is answered 429, and its requests still prove its presence', async () => {
    const adapter = await givenAnAdapter({}, { settings: { maxMessagesPerSecond: 10 } });
    for (let sent = 0; sent < 10; sent++) expect((await send(adapter.port, '/event')).status).toBe(202);
    const answer = await send(adapter.port, '/event');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '2']);
    expect(causes(adapter)).toEqual(['connected']);
    await adapter.clock.advanceAsync(100);
    expect((await send(adapter.port, '/event')).status).toBe(202);
  });

  test('while the registry is away, a device is answered 503 with Retry-After', async () => {
    const { port, registry } = await givenAnAdapter();
    registry.unavailable = true;
    const answer = await send(port, '/telemetry');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
  });
});

describe('HTTP presence', () => {
  test('one request begins a lease of the default length, and silence ends it', async () => {
    const adapter = await givenAnAdapter();
    await send(adapter.port, '/telemetry');
    await adapter.clock.advanceAsync(600_000);
    const [first, second] = await adapter.events(2);
    expect(first).toMatchObject({
      type: 'connected',
      remoteId: 'thermostat-7',
      protocol: 'HTTP/1.1',
      basis: { kind: 'lease', intervalMs: 600_000, from: 'default' },
    });
    expect(first).not.toHaveProperty('slot');
    expect(second).toMatchObject({
      type: 'disconnected',
      reason: 'inactive',
      initiator: 'adapter',
      clean: false,
      uncertaintyMs: 600_000,
      basis: { kind: 'lease', intervalMs: 600_000, from: 'default', until: second?.at },
    });
  });

  test('a request renews the lease even if its upload fails', async () => {
    const adapter = await givenAnAdapter();
    const { port, sender, clock } = adapter;
    for (const facts of [{ headers: { 'qos-level': '7' } }, { body: 'x'.repeat(3_000) }, { body: '{}' }]) {
      sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'no consumer available' } });
      expect((await send(port, '/telemetry', facts)).status).toBeGreaterThanOrEqual(400);
      await clock.advanceAsync(500_000);
    }
    expect(causes(adapter)).toEqual(['connected']);
  });

  test('a request that is refused begins no lease', async () => {
    const adapter = await givenAnAdapter();
    await send(adapter.port, '/telemetry', {
      headers: { authorization: basic('thermostat-7@acme', 'guess') },
    });
    await settled();
    expect(adapter.sink.events).toEqual([]);
  });

  test('the registry declares the lease interval, for a tenant and for a type of adapter', async () => {
    const adapters_ = [{ type: 'hono-http', enabled: true, ext: { 'presence-interval': 90 } }];
    const adapter = await givenAnAdapter({}, { tenant: { adapters: adapters_ } });
    await send(adapter.port, '/telemetry');
    await adapter.clock.advanceAsync(90_000);
    expect((await adapter.events(2))[1]).toMatchObject({
      basis: { intervalMs: 90_000, from: 'declared' },
      uncertaintyMs: 90_000,
    });
  });

  test('a goodbye ends the lease; that of a device without a lease reports nothing', async () => {
    const adapter = await givenAnAdapter();
    expect((await send(adapter.port, '/event', goodbye)).status).toBe(202);
    await settled();
    expect(adapter.sink.events).toEqual([]);
    await send(adapter.port, '/telemetry');
    await adapter.clock.advanceAsync(1_000);
    await send(adapter.port, '/event', goodbye);
    expect((await adapter.events(2))[1]).toMatchObject({
      reason: 'client-closed',
      uncertaintyMs: 0,
      clean: true,
    });
  });

  test('a device that waits for a command is answered when its time is over, and is present until after it', async () => {
    const adapter = await givenAnAdapter({ lease: { ...options.lease, defaultMs: 20_000 } });
    let answered = false;
    const waiting = send(adapter.port, '/event?hono-ttd=40').then((answer) => {
      answered = true;
      return answer.status;
    });
    await adapter.events(1);
    expect(adapter.sender.messages).toMatchObject([{ ttdSeconds: 40 }]);
    await adapter.clock.advanceAsync(39_999);
    await settled();
    expect(answered).toBe(false);
    await adapter.clock.advanceAsync(1);
    expect(await waiting).toBe(202);
    expect(adapter.sink.events[0]).toMatchObject({ basis: { intervalMs: 50_000, from: 'ttd' } });
    await adapter.clock.advanceAsync(50_000);
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'inactive', uncertaintyMs: 90_000 });
  });

  test('the lease of a device that hangs up while it waits for a command runs from then on', async () => {
    const adapter = await givenAnAdapter({ lease: { ...options.lease, defaultMs: 20_000 } });
    const hangUp = new AbortController();
    const waiting = send(adapter.port, '/event?hono-ttd=60', { signal: hangUp.signal });
    await adapter.events(1);
    hangUp.abort();
    await expect(waiting).rejects.toThrow('abort');
    // The lease is armed once the adapter knows of the end: until then, an open request keeps it.
    while (adapter.clock.armed === 0) await settled();
    await settled();
    await adapter.clock.advanceAsync(70_000);
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'inactive' });
  });

  test('while the registry is away, no device is reported as inactive', async () => {
    const adapter = await givenAnAdapter();
    await send(adapter.port, '/telemetry');
    await adapter.clock.advanceAsync(300_000);
    adapter.registry.unavailable = true;
    expect((await send(adapter.port, '/telemetry')).status).toBe(503);
    await adapter.clock.advanceAsync(3_600_000);
    expect(causes(adapter)).toEqual(['connected']);
    adapter.registry.unavailable = false;
    await adapter.clock.advanceAsync(299_000);
    expect(causes(adapter)).toEqual(['connected']);
    await adapter.clock.advanceAsync(5_000);
    const [, second] = await adapter.events(2);
    expect(second).toMatchObject({ reason: 'inactive' });
    expect((second as { uncertaintyMs: number }).uncertaintyMs).toBeGreaterThanOrEqual(4_200_000);
  });

  test('a present device is reported as gone when its access is revoked', async () => {
    const adapter = await givenAnAdapter();
    await send(adapter.port, '/telemetry');
    adapter.registry.disable('acme');
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'access-revoked', initiator: 'operator' });
    expect((await send(adapter.port, '/telemetry')).status).toBe(403);
  });
});

describe('a restart of the HTTP adapter', () => {
  test('keeps leases under the same connection id, with at least one whole interval left', async () => {
    const journal = createMemoryJournal();
    const before = await givenAnAdapter({}, { journal });
    await send(before.port, '/telemetry');
    await before.clock.advanceAsync(400_000);
    await before.running.stop({ graceMs: 0 });
    expect(causes(before)).toEqual(['connected']);

    const after = await givenAnAdapter({}, { journal, clock: before.clock });
    await after.clock.advanceAsync(599_000);
    expect(after.sink.events).toEqual([]);
    await after.clock.advanceAsync(1_000);
    const [ended] = await after.events(1);
    expect(ended).toMatchObject({
      type: 'disconnected',
      reason: 'inactive',
      connectionId: before.sink.events[0]?.connectionId,
      epoch: before.sink.events[0]?.epoch,
      uncertaintyMs: 1_000_000,
    });
  });

  test('a device that sends again goes on with its connection; one that lost its access does not', async () => {
    const journal = createMemoryJournal();
    const before = await givenAnAdapter({}, { journal });
    await send(before.port, '/telemetry');
    await send(before.port, '/telemetry', { username: 'valve-1@acme' });
    await before.running.stop({ graceMs: 0 });

    const registry = before.registry;
    registry.disable('acme', 'valve-1');
    const after = await givenAnAdapter({}, { journal, clock: before.clock, registry });
    expect((await after.events(1))[0]).toMatchObject({
      reason: 'access-revoked',
      device: { device: 'valve-1' },
    });
    expect((await send(after.port, '/telemetry')).status).toBe(202);
    await after.clock.advanceAsync(600_000);
    expect(causes(after)).toEqual(['access-revoked', 'inactive']);
  });

  test('keeps the rhythm that was learned of a device', async () => {
    const journal = createMemoryJournal();
    const before = await givenAnAdapter({}, { journal });
    for (let index = 0; index < 8; index++) {
      await send(before.port, '/telemetry');
      await before.clock.advanceAsync(60_000);
    }
    await before.running.stop({ graceMs: 0 });
    const after = await givenAnAdapter({}, { journal, clock: before.clock });
    await send(after.port, '/telemetry');
    await after.clock.advanceAsync(600_000);
    const [ended] = await after.events(1);
    expect(ended).toMatchObject({ reason: 'inactive', basis: { from: 'learned' } });
    expect((ended as { uncertaintyMs: number }).uncertaintyMs).toBeLessThan(300_000);
  });

  test('does not lengthen a learned interval', async () => {
    const journal = createMemoryJournal();
    const before = await givenAnAdapter({}, { journal });
    for (let index = 0; index < 8; index++) {
      await send(before.port, '/telemetry');
      await before.clock.advanceAsync(60_000);
    }
    await before.running.stop({ graceMs: 0 });
    const after = await givenAnAdapter({}, { journal, clock: before.clock });
    await after.clock.advanceAsync(300_000);
    expect((await after.events(1))[0]).toMatchObject({ reason: 'inactive', basis: { from: 'learned' } });
  });

  test('reports no device as inactive until the registry is back', async () => {
    const journal = createMemoryJournal();
    const before = await givenAnAdapter({}, { journal });
    await send(before.port, '/telemetry');
    await before.running.stop({ graceMs: 0 });
    before.registry.unavailable = true;
    const after = await givenAnAdapter({}, { journal, clock: before.clock, registry: before.registry });
    await after.clock.advanceAsync(3_600_000);
    expect(after.sink.events).toEqual([]);
    before.registry.unavailable = false;
    await after.clock.advanceAsync(602_000);
    expect(causes(after)).toEqual(['inactive']);
  });

  test('ends all leases where the operator set that they end at a stop', async () => {
    const adapter = await givenAnAdapter({ endLeasesAtShutdown: true });
    await send(adapter.port, '/telemetry');
    await adapter.running.stop({ graceMs: 0 });
    expect(causes(adapter)).toEqual(['connected', 'adapter-shutdown']);
  });

  test('answers devices that wait for a command when the adapter stops', async () => {
    const adapter = await givenAnAdapter();
    const waiting = send(adapter.port, '/event?hono-ttd=60');
    await adapter.events(1);
    await settled();
    await adapter.running.stop({ graceMs: 0 });
    expect((await waiting).status).toBe(202);
  });
});

describe('web pages (CORS)', () => {
  const preflight = (port: number, path: string, method: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example', 'access-control-request-method': method },
    });

  test.each([
    ['/telemetry', 'POST', 'QoS-Level,hono-ttd,authorization,content-type'],
    ['/event/', 'POST', 'hono-ttd,authorization,content-type'],
    ['/event/acme/valve-1', 'PUT', 'hono-ttd,authorization,content-type'],
    ['/command/res/1', 'PUT,POST', 'hono-cmd-status,authorization,content-type'],
  ])('a web page may ask for %s', async (path, methods, headers) => {
    const { port } = await givenAnAdapter();
    const answer = await preflight(port, path, 'PUT');
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-methods')).toBe(methods);
    expect(answer.headers.get('access-control-allow-headers')).toBe(headers);
  });

  test('web pages of other origins are refused, and so is a path that does not exist', async () => {
    const { port } = await givenAnAdapter({ allowedOrigin: /^(?:https:\/\/only\.example)$/ });
    const answer = await preflight(port, '/telemetry', 'POST');
    expect(answer.status).toBe(403);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect((await preflight(port, '/nothing', 'POST')).status).toBe(404);
    const upload = await send(port, '/telemetry', { headers: { origin: 'https://only.example' } });
    expect(upload.headers.get('access-control-allow-origin')).toBe('https://only.example');
    expect(upload.headers.get('access-control-expose-headers')).toBe('hono-command,hono-cmd-req-id');
    expect(upload.headers.get('vary')).toBe('origin');
    const foreign = await send(port, '/telemetry', { headers: { origin: 'https://shop.example' } });
    expect(foreign.status).toBe(403);
  });
});

describe('hostile HTTP senders', () => {
  function rawSocket(port: number): { readonly socket: Socket; readonly received: () => string } {
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', () => {});
    return { socket, received: () => text };
  }
  const closed = (socket: Socket): Promise<unknown> =>
    socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve));
  const head = (extra: string): string =>
    `POST /telemetry HTTP/1.1\r\nhost: a\r\nauthorization: ${basic('thermostat-7@acme')}\r\ncontent-type: a/b\r\n${extra}\r\n`;

  test('a sender whose head or body takes too long is answered 408, on the real clock', async () => {
    const { port } = await givenAnAdapter({ requestTimeoutMs: 200 });
    const slowHead = rawSocket(port);
    const slowBody = rawSocket(port);
    slowHead.socket.write('POST /telemetry HTTP/1.1\r\nhost: a\r\nx: ');
    slowBody.socket.write(head('content-length: 100\r\n'));
    await Promise.all([closed(slowHead.socket), closed(slowBody.socket)]);
    expect(slowHead.received()).toContain('HTTP/1.1 408');
    expect(slowBody.received()).toContain('HTTP/1.1 408');
  });

  test.each<[string, string]>([
    ['slow heads', 'POST /telemetry HTTP/1.1\r\nhost: a\r\nx: '],
    [
      'bodies that do not come, of devices that are none',
      `POST /telemetry HTTP/1.1\r\nhost: a\r\nauthorization: ${basic('nobody@acme')}\r\ncontent-length: 9\r\n\r\n`,
    ],
    ['answered strangers that stay', 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'],
  ])('%s give way before connections of authenticated devices', async (_what, says) => {
    const { port } = await givenAnAdapter({ maxPendingSockets: 12 });
    const proved = rawSocket(port);
    const upload = async (count: number): Promise<void> => {
      proved.socket.write(`${head('content-length: 1\r\n')}x`);
      await expect.poll(() => proved.received().split('HTTP/1.1 202').length - 1).toBe(count);
    };
    await upload(1);
    const strangers: Socket[] = [];
    for (let i = 0; i < 40; i++) {
      const stranger = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
      sockets.add(stranger.on('error', () => {}).resume());
      strangers.push(stranger);
      await once(stranger, 'connect');
      stranger.write(says);
    }
    expect((await send(port, '/telemetry')).status).toBe(202);
    await upload(2);
    await expect.poll(() => strangers.filter((each) => each.closed).length).toBeGreaterThanOrEqual(28);
  });

  test('a silent connection is closed, on the real clock', async () => {
    const { port } = await givenAnAdapter({ idleTimeoutMs: 100 });
    const { socket, received } = rawSocket(port);
    await closed(socket);
    expect(received()).toBe('');
  });

  test.each([
    ['garbage', '\u0000\u0001\u0002\r\n\r\n', 400],
    ['endless headers', `POST /telemetry HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`, 431],
    [
      'two lengths',
      'POST /telemetry HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
    ],
    [
      'length and chunks',
      'POST /telemetry HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
    ],
  ])('a sender of %s gets a clear answer, and its connection ends', async (_what, bytes, status) => {
    const { port } = await givenAnAdapter();
    const { socket, received } = rawSocket(port);
    socket.write(bytes, 'latin1');
    await closed(socket);
    expect(received()).toContain(`HTTP/1.1 ${status}`);
    expect(received()).toContain('{"error":');
  });

  test('an endless chunked body is refused with 413, and no more of it is read', async () => {
    const { port } = await givenAnAdapter();
    const { socket, received } = rawSocket(port);
    socket.write(head('transfer-encoding: chunked\r\n'));
    const chunk = `400\r\n${'x'.repeat(1_024)}\r\n`;
    const feeding = setInterval(() => socket.write(chunk), 1);
    await closed(socket);
    clearInterval(feeding);
    expect(received()).toContain('HTTP/1.1 413');
  });

  test('a connection with too many open requests is closed, and other connections go on', async () => {
    const adapter = await givenAnAdapter();
    const { socket } = rawSocket(adapter.port);
    const waits = 'POST /event?hono-ttd=60 HTTP/1.1\r\nhost: a\r\ncontent-type: a/b\r\ncontent-length: 0\r\n';
    socket.write(`${waits}authorization: ${basic('thermostat-7@acme')}\r\n\r\n`.repeat(40));
    await closed(socket);
    expect(adapter.sender.messages.length).toBeLessThanOrEqual(16);
    expect((await send(adapter.port, '/telemetry')).status).toBe(202);
    // Nothing of the requests that were cut off keeps the lease.
    await adapter.clock.advanceAsync(700_000);
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'inactive' });
  });
});

test('a port that is taken makes the start fail with its name', async () => {
  const { port } = await givenAnAdapter();
  await expect(givenAnAdapter({ plain: { host: '127.0.0.1', port } })).rejects.toThrow(
    `http port 127.0.0.1:${port} cannot be bound: EADDRINUSE`,
  );
});

test('a listening adapter answers on a connection that is kept alive', async () => {
  const { port } = await givenAnAdapter();
  const socket = connect(port, '127.0.0.1');
  sockets.add(socket);
  const request = `POST /telemetry HTTP/1.1\r\nhost: a\r\nauthorization: ${basic('thermostat-7@acme')}\r\ncontent-type: a/b\r\ncontent-length: 2\r\n\r\nhi`;
  for (let index = 0; index < 3; index++) {
    socket.write(request);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString('latin1')).toContain('HTTP/1.1 202 Accepted');
  }
});

describe('HTTP with TLS', () => {
  const certificate = localhostCertificate();

  function sendSecurely(port: number, facts: object = {}): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: basic('thermostat-7@acme'), 'content-type': 'a/b' };
      const request = httpsRequest(
        {
          host: 'localhost',
          port,
          path: '/telemetry',
          method: 'POST',
          headers,
          ca: certificate.cert,
          ...facts,
        },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      request.on('error', reject);
      request.end('21.5');
    });
  }

  test('requests over TLS are answered the same, on a port of their own', async () => {
    const tls = { host: '127.0.0.1', port: 0, ...certificate };
    const adapter = await givenAnAdapter({ tls });
    const [plain, secure] = adapter.running.listening;
    expect([plain?.scheme, secure?.scheme]).toEqual(['http', 'https']);
    expect(await sendSecurely(secure?.port ?? 0)).toBe(202);
    expect((await adapter.events(1))[0]).toMatchObject({ type: 'connected', protocol: 'HTTP/1.1' });
    // A connection without TLS ends, and no other device notices.
    const stranger = connect(secure?.port ?? 0, '127.0.0.1').on('error', () => {});
    sockets.add(stranger);
    stranger.write('POST /telemetry HTTP/1.1\r\n\r\n');
    await once(stranger, 'close');
    expect(await sendSecurely(secure?.port ?? 0)).toBe(202);
    await expect(sendSecurely(secure?.port ?? 0, { maxVersion: 'TLSv1.1' })).rejects.toThrow(
      /protocol|version/i,
    );
  });

  test('a request without credentials is authenticated by the client certificate', async () => {
    const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...certificate } });
    const port = adapter.running.listening[1]?.port ?? 0;
    const { acme } = scriptedAuthorities;
    const headers = { 'content-type': 'a/b' };
    const { key, cert } = acme.issue({ subject: 'CN=valve-1,O=acme' });
    expect(await sendSecurely(port, { headers, key, cert })).toBe(202);
    expect(await sendSecurely(port, { headers })).toBe(401);
    const foreign = createCertificateAuthority(acme.subject).issue({ subject: 'CN=valve-1,O=acme' });
    expect(await sendSecurely(port, { headers, key: foreign.key, cert: foreign.cert })).toBe(401);
    expect(await sendSecurely(port, { key, cert })).toBe(202);
    expect((await adapter.events(2)).map(({ device, remoteId }) => [device.device, remoteId])).toEqual([
      ['valve-1', 'CN=valve-1,O=acme'],
      ['thermostat-7', 'thermostat-7'],
    ]);
  });

  test('the server name says which of the tenants that trust one authority a device belongs to', async () => {
    const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...certificate } });
    const port = adapter.running.listening[1]?.port ?? 0;
    const { subject: subjectDn, publicKey, issue } = scriptedAuthorities.acme;
    adapter.registry.setTenant('umbrella', { alias: 'rain', trustAnchors: [{ subjectDn, publicKey }] });
    const { key, cert } = issue({ subject: 'CN=valve-1,O=umbrella' });
    const headers = { 'content-type': 'a/b' };
    const sendTo = (servername: string) =>
      sendSecurely(port, { headers, key, cert, servername, rejectUnauthorized: false, agent: false });
    for (const name of ['localhost', 'acme.localhost', 'nowhere.localhost'])
      expect(await sendTo(name), name).toBe(401);
    for (const name of ['rain.localhost', 'umbrella.localhost']) expect(await sendTo(name), name).toBe(202);
    expect((await adapter.events(1))[0]).toMatchObject({ device: { tenant: 'umbrella', device: 'valve-1' } });
  });

  test('a connection that never begins its TLS handshake is closed', async () => {
    const adapter = await givenAnAdapter({
      tls: { host: '127.0.0.1', port: 0, ...certificate },
      requestTimeoutMs: 200,
    });
    const silent = connect(adapter.running.listening[1]?.port ?? 0, '127.0.0.1').on('error', () => {});
    sockets.add(silent);
    silent.resume();
    await once(silent, 'connect');
    while (!silent.closed) {
      await adapter.clock.advanceAsync(200);
      await settled();
    }
    expect(silent.bytesRead).toBe(0);
  });
});
