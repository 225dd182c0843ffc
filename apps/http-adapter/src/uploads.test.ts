import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { startForTest, type AdapterInTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttpAdapter, type HttpAdapterOptions } from './adapter.ts';
import { options } from './testing/options.ts';

/** Rules of Hono's HTTP adapter, request by request (`docs/hono-compatibility.md` §10): each is said byte by byte. */
const adapters: AdapterInTest[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

async function givenAnAdapter(facts: Partial<HttpAdapterOptions> = {}, setting: TestSetting = {}) {
  const adapter = await startForTest(createHttpAdapter({ ...options, ...facts }), setting);
  adapters.push(adapter);
  return adapter;
}

const basic = (credentials: string): string =>
  `authorization: Basic ${Buffer.from(credentials).toString('base64')}`;
const thermostat = basic(`thermostat-7@acme:${scriptedPassword}`);
const gateway = basic(`gw-1@acme:${scriptedPassword}`);

interface Said {
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** A request as it goes over the wire: no header but the credentials, unless named. */
function requestOf(line: string, { headers = [], body = '' }: Said): string {
  const authorization = headers.some((header) => /^authorization:/i.test(header)) ? [] : [thermostat];
  const length = body === '' ? [] : [`content-length: ${body.length}`];
  return [`${line} HTTP/1.1`, 'host: adapter', ...authorization, ...length, ...headers, '', body].join(
    '\r\n',
  );
}

/** All that is answered until the adapter closes; the device closes its side at once. */
function answerAt(socket: Socket, request: string): Promise<string> {
  sockets.push(socket);
  socket.setEncoding('latin1');
  return new Promise((resolve, reject) => {
    let answer = '';
    socket.on('data', (text) => (answer += text));
    socket.once('error', reject);
    socket.once('end', () => resolve(answer));
    socket.end(request);
  });
}

async function ask({ address }: AdapterInTest, line: string, said: Said = {}) {
  const socket = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true });
  const answer = await answerAt(socket, requestOf(line, said));
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const header = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1];
  return { status: Number(head.split(' ')[1]), head, body, header };
}

describe('an HTTP request', () => {
  test.each([
    ['header', 'hono-ttl', 'long'],
    ['header', 'hono-ttd', '1.5'],
    ['header', 'hono-ttl', '99999999999999999999'],
    ['header', 'hono-ttd', '2147483648'],
    ['query', 'hono-ttl', 'long'],
    ['query', 'hono-ttd', ''],
  ])('with a %s %s of %j is uploaded without that property', async (where, name, value) => {
    const adapter = await givenAnAdapter();
    const line = where === 'query' ? `POST /event?${name}=${value}` : 'POST /event';
    const headers = where === 'query' ? [] : [`${name}: ${value}`];
    expect(await ask(adapter, line, { headers, body: 'hot' })).toMatchObject({ status: 202 });
    expect(adapter.sender.messages).toHaveLength(1);
    expect(adapter.sender.messages[0]).not.toHaveProperty('ttlMs');
    expect(adapter.sender.messages[0]).not.toHaveProperty('ttdSeconds');
  });

  test('with a number named twice uses the first, and a number may have a sign', async () => {
    const adapter = await givenAnAdapter();
    await ask(adapter, 'POST /event?hono-ttl=30&hono-ttl=60', { body: 'hot' });
    await ask(adapter, 'POST /event', { headers: ['hono-ttl: +30', 'qos-level: 01'], body: 'hot' });
    expect(adapter.sender.messages.map(({ ttlMs }) => ttlMs)).toEqual([30_000, 30_000]);
  });

  test('with a header named twice uses the first, and one with a comma in it is no number', async () => {
    const adapter = await givenAnAdapter();
    const headers = ['hono-ttl: 10', 'hono-ttl: 20', 'content-type: a/b', 'content-type: c/d'];
    await ask(adapter, 'POST /event', { headers, body: 'hot' });
    await ask(adapter, 'POST /event', { headers: ['hono-ttl: 10, 20'], body: 'hot' });
    await ask(adapter, 'POST /telemetry', { headers: ['qos-level: 1', 'qos-level: 0'], body: 'hot' });
    expect(adapter.sender.messages.map(({ ttlMs, qos }) => [ttlMs, qos])).toEqual([
      [10_000, 1],
      [undefined, 1],
      [undefined, 1],
    ]);
    expect(adapter.sender.messages[0]).toMatchObject({ contentType: 'a/b' });
  });

  test.each([
    ['?Hono-TTL=10', 10_000],
    ['?x=1;hono-ttl=10', 10_000],
    ['?x=%3Bhono-ttl=10', undefined],
    ['?hono%2Dttl=%31%30', 10_000],
    ['?HONO-TTL=10&hono-ttl=20', 10_000],
    ['?hono-ttl&=x&&', undefined],
    ['?__proto__=1&hono-ttl=10', 10_000],
    [`?${'x&'.repeat(500)}hono-ttl=10`, undefined],
  ])('with the query %j has the time to live %j', async (query, ttlMs) => {
    const adapter = await givenAnAdapter();
    expect((await ask(adapter, `POST /event${query}`, { body: 'hot' })).status).toBe(202);
    expect(adapter.sender.messages.map((message) => message.ttlMs)).toEqual([ttlMs]);
  });

  test.each([
    ['POST', '//event'],
    ['POST', '/event//'],
    ['POST', '//telemetry//?x=//'],
    ['PUT', '//event//valve-1'],
    ['PUT', '/event//valve-1/'],
  ])('%s %s is served in spite of its slashes', async (method, path) => {
    const adapter = await givenAnAdapter();
    const headers = [method === 'PUT' ? gateway : thermostat];
    expect((await ask(adapter, `${method} ${path}`, { headers, body: 'hot' })).status).toBe(202);
    expect(adapter.sender.messages).toMatchObject([{ origAddress: path }]);
  });

  test.each(['1.0', '1.1'])('in chunks or whole, over HTTP/%s, is uploaded', async (version) => {
    const adapter = await givenAnAdapter();
    const chunks = '1;a=b\r\nh\r\n2\r\not\r\n0\r\nx-last: 1\r\n\r\n';
    const said =
      version === '1.0'
        ? ['content-length: 3', '', 'hot']
        : ['host: a', 'transfer-encoding: chunked', '', chunks];
    const lines = [`POST /event HTTP/${version}`, thermostat, ...said];
    const socket = connect({ port: adapter.address.port, host: '127.0.0.1', allowHalfOpen: true });
    expect(await answerAt(socket, lines.join('\r\n'))).toMatch(/^HTTP\/1\.1 202 /);
    expect(adapter.sender.messages).toMatchObject([{ payload: Buffer.from('hot') }]);
  });

  test.each([
    ['event', 3, scriptedPassword, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /, 1],
    ['event', 3, 'guess', /^HTTP\/1\.1 401 [^]*\r\nconnection: close\r\n/, 0],
    ['event', 9_999, scriptedPassword, /^HTTP\/1\.1 413 [^]*\r\nconnection: close\r\n/, 0],
    ['events', 3, scriptedPassword, /^HTTP\/1\.1 404 /, 0],
  ])(
    'to /%s that waits to send a body of %i bytes, with the password %s, hears %s',
    async (path, length, password, heard, count) => {
      const adapter = await givenAnAdapter();
      const socket = connect(adapter.address.port, '127.0.0.1');
      sockets.push(socket);
      const answer = new Promise<string>((resolve) => {
        let text = '';
        socket.setEncoding('latin1').on('data', (bytes) => {
          text += bytes;
          if (text.startsWith('HTTP/1.1 100') && text.endsWith('\r\n\r\n') && text.length < 30)
            socket.write('hot');
          else resolve(text);
        });
      });
      const head = [
        `POST /${path} HTTP/1.1`,
        'host: a',
        basic(`thermostat-7@acme:${password}`),
        'expect: 100-continue',
        `content-length: ${length}`,
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n`);
      expect(await answer).toMatch(heard);
      expect(adapter.sender.messages).toHaveLength(count);
    },
  );

  test.each(['telemetry', 'event'])(
    'to /%s/ is treated as one to the path without the slash',
    async (endpoint) => {
      const adapter = await givenAnAdapter();
      expect((await ask(adapter, `POST /${endpoint}/`, { body: 'hot' })).status).toBe(202);
      expect(adapter.sender.messages).toMatchObject([{ endpoint, origAddress: `/${endpoint}/` }]);
    },
  );

  test('has its query in orig_address downstream', async () => {
    const adapter = await givenAnAdapter();
    await ask(adapter, 'POST /event?hono-ttl=30&x=%20y', { body: 'hot' });
    await ask(adapter, 'PUT /event//valve-1?z', { headers: [gateway], body: 'hot' });
    expect(adapter.sender.messages.map(({ origAddress }) => origAddress)).toEqual([
      '/event?hono-ttl=30&x=%20y',
      '/event//valve-1?z',
    ]);
  });

  test('names a device by what the escapes in its path say, and a plus sign stands for itself', async () => {
    const adapter = await givenAnAdapter();
    const { status } = await ask(adapter, 'PUT /event/acme/valve%2D1', { headers: [gateway], body: 'hot' });
    expect([status, adapter.sender.messages[0]?.device.device]).toEqual([202, 'valve-1']);
    for (const path of ['/event/ac+me/valve-1', '/event/acme/valve-1%2Fx', '/event/acme/valve+1'])
      expect((await ask(adapter, `PUT ${path}`, { headers: [gateway], body: 'hot' })).status).toBe(403);
  });

  test.each([
    ['application/json; charset=utf-8', 'application/json'],
    ['application/json ;charset=utf-8', 'application/json'],
    ['json', 'json'],
    ['a/b/c, d', 'a/b/c, d'],
    ['', 'application/octet-stream'],
    ['; charset=utf-8', 'application/octet-stream'],
    [undefined, 'application/octet-stream'],
  ])('with the content type %j is uploaded as %j', async (said, told) => {
    const adapter = await givenAnAdapter();
    const headers = said === undefined ? [] : [`content-type: ${said}`];
    expect((await ask(adapter, 'POST /event', { headers, body: 'hot' })).status).toBe(202);
    expect(adapter.sender.messages).toMatchObject([{ contentType: told, payload: Buffer.from('hot') }]);
  });

  test.each([['content-length: 0'], ['transfer-encoding: chunked']])(
    'with an empty body and a content type has no body downstream (%s)',
    async (header) => {
      const adapter = await givenAnAdapter();
      const body = header.startsWith('transfer') ? '0\r\n\r\n' : '';
      const socket = connect({ port: adapter.address.port, host: '127.0.0.1', allowHalfOpen: true });
      const request = `${requestOf('POST /event', { headers: ['content-type: a/b', header] })}${body}`;
      expect(await answerAt(socket, request)).toContain('HTTP/1.1 202');
      expect(adapter.sender.messages).toMatchObject([{ contentType: 'a/b' }]);
      expect(adapter.sender.messages[0]).not.toHaveProperty('payload');
    },
  );

  test.each([[[]], [['content-type:']], [['content-type: ;x=y', 'content-length: 0']]])(
    'with an empty body and no content type is refused (%j)',
    async (headers) => {
      const adapter = await givenAnAdapter();
      expect((await ask(adapter, 'POST /event', { headers })).status).toBe(400);
      expect(adapter.sender.messages).toEqual([]);
    },
  );

  test.each([
    ['GET /event', 405, 'POST,PUT'],
    ['HEAD /event', 405, 'POST,PUT'],
    ['DELETE /telemetry/', 405, 'POST,PUT'],
    ['OPTIONS /telemetry', 405, 'POST,PUT'],
    ['PROPFIND /telemetry?x', 405, 'POST,PUT'],
    ['POST /event/acme/thermostat-7', 405, 'PUT'],
    ['GET /event//thermostat-7', 405, 'PUT'],
    ['GET /command/res/1', 405, 'POST,PUT'],
    ['PUT /event', 404, undefined],
    ['POST /', 404, undefined],
    ['POST /t', 404, undefined],
    ['GET /events', 404, undefined],
    ['OPTIONS /nothing', 404, undefined],
  ])('%s is answered %i, with the methods that are allowed', async (line, status, allow) => {
    const adapter = await givenAnAdapter();
    const answer = await ask(adapter, line, { body: line.startsWith('P') ? 'x' : '' });
    expect([answer.status, answer.header('allow')]).toEqual([status, allow]);
    expect(adapter.sender.messages).toEqual([]);
  });

  test('gets CORS headers in its answer only if it has an Origin', async () => {
    const adapter = await givenAnAdapter();
    for (const headers of [[], ['authorization: Basic ***']]) {
      const { head } = await ask(adapter, 'POST /event', { headers, body: 'x' });
      expect(head.toLowerCase()).not.toMatch(/access-control|vary/);
    }
    for (const [headers, status] of [
      [[], 202],
      [['authorization: Basic ***'], 400],
    ] as const) {
      const told = { headers: [...headers, 'origin: https://shop.example'], body: 'x' };
      const answer = await ask(adapter, 'POST /event', told);
      expect(answer.status).toBe(status);
      expect(answer.header('access-control-allow-origin')).toBe('*');
      expect(answer.header('access-control-expose-headers')).toBe('hono-command,hono-cmd-req-id');
    }
  });
});

describe('the sender of an HTTP request', () => {
  const encoded = (text: string): string => Buffer.from(text).toString('base64');

  test.each([
    ['password', `${encoded(`thermostat-7@acme:${scriptedPassword}`)}:`, 202],
    ['wrong password', `${encoded('thermostat-7@acme:guess')}:`, 401],
    ['nothing behind the name', `${encoded('thermostat-7@acme:')}:`, 401],
    ['no name', `:${scriptedPassword}`, 401],
    ['no colon', 'thermostat-7@acme', 401],
    ['no tenant', `thermostat-7:${scriptedPassword}`, 401],
  ])('may have name and password in the user name, in Base64 (%s)', async (_what, credentials, status) => {
    const adapter = await givenAnAdapter();
    const answer = await ask(adapter, 'POST /event', { headers: [basic(credentials)], body: 'hot' });
    expect(answer.status).toBe(status);
    expect(answer.header('www-authenticate')).toBe(status === 401 ? 'Basic realm="Hono"' : undefined);
  });

  test('is answered 403 as a disabled gateway of a device, and 404 for a disabled device', async () => {
    const adapter = await givenAnAdapter();
    adapter.registry.disable('acme', 'gw-1');
    const forAnother = await ask(adapter, 'PUT /event//valve-1', { headers: [gateway], body: 'hot' });
    expect([forAnother.status, forAnother.body]).toEqual([
      403,
      '{"error":"gateway is disabled or not registered"}',
    ]);
    expect((await ask(adapter, 'POST /event', { headers: [gateway], body: 'hot' })).status).toBe(404);
    adapter.registry.disable('acme', 'valve-1');
    const headers = [basic(`valve-1@acme:${scriptedPassword}`)];
    for (const request of ['POST /event', 'PUT /event//valve-1', 'PUT /event/acme/valve-1'])
      expect((await ask(adapter, request, { headers, body: 'hot' })).status).toBe(404);
    for (const request of ['PUT /event//gw-1', 'PUT /event/umbrella/valve-1'])
      expect((await ask(adapter, request, { headers, body: 'hot' })).status).toBe(403);
  });
});

test('an upload of HTTP that fails once its device is gone is told in the log', async () => {
  const { address, sender, logged } = await givenAnAdapter();
  const warnings = () => logged.filter(({ level }) => level === 'warn');
  // Nothing shows when the adapter hears of it: it is given more time with each try.
  for (let turns = 1; warnings().length === 0 && turns < 100_000; turns *= 2) {
    const socket = connect({ port: address.port, host: '127.0.0.1' }).on('error', () => {});
    const failed = new Promise<void>((resolve) => {
      sender.send = async () => {
        socket.resetAndDestroy();
        for (let turn = 0; turn < turns; turn++) await settled();
        resolve();
        return { status: 'failed', failure: { status: 503, text: 'no consumer' } };
      };
    });
    socket.write(requestOf('POST /event', { body: 'hot' }));
    await failed;
    await settled();
  }
  expect(warnings()).toMatchObject([
    {
      message: 'an upload is dropped, and its device does not hear of it',
      facts: { device: 'thermostat-7', status: 503, text: 'no consumer' },
    },
  ]);
});

test('a connection of HTTP that breaks in the middle of a body is no failure of the adapter, and nothing is uploaded', async () => {
  const adapter = await givenAnAdapter();
  const socket = connect({ port: adapter.address.port, host: '127.0.0.1' }).on('error', () => {});
  socket.write(requestOf('POST /event', { body: 'hot' }).slice(0, -1));
  await adapter.events(1);
  // It waits for the rest of the body by now.
  for (let turn = 0; turn < 10; turn++) await settled();
  socket.resetAndDestroy();
  expect(await ask(adapter, 'POST /event', { body: 'cold' })).toMatchObject({ status: 202 });
  expect(adapter.sender.messages).toHaveLength(1);
  expect(adapter.logged.filter(({ level }) => level === 'error')).toEqual([]);
});

describe('an HTTP device that closes its side once its request is sent', () => {
  const secure = localhostCertificate();

  test('is answered however long that takes, with and without TLS', async () => {
    const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...secure } });
    const { sender, running } = adapter;
    const held: (() => void)[] = [];
    const { send } = sender;
    sender.send = async (message) => {
      await new Promise<void>((resolve) => held.push(resolve));
      return send.call(sender, message);
    };
    const request = requestOf('POST /event', { body: 'hot' });
    const plain = connect({ port: adapter.address.port, host: '127.0.0.1', allowHalfOpen: true });
    const tls = connectTls({
      port: running.listening[1]?.port ?? 0,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: secure.cert,
    });
    // Its typings leave it out.
    tls.allowHalfOpen = true;
    const answers = [answerAt(plain, request), answerAt(tls, request)];
    await expect.poll(() => held.length).toBe(2);
    for (const release of held) release();
    for (const answer of await Promise.all(answers)) expect(answer).toContain('HTTP/1.1 202');
  });
});
