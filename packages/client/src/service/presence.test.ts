import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ManualClock, settled } from '@rollcall/conformance';
import { nastyStrings } from '@rollcall/conformance/hostile';
import { describe, expect, onTestFinished, test } from 'vitest';
import { presence, PresenceError, type Presence } from './presence.ts';
import { type SseEvent, sseEvents } from './sse-events.ts';
import type { PresenceNews } from './watch-tenant.ts';

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

async function given(serve: Serve) {
  const server = createServer((request, response) => serve(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const clock = new ManualClock();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { clock, url, service: presence({ url, token: 'secret', clock }) };
}

const unknown = (device: string): object => ({ tenant: 'acme', device, status: 'unknown', connections: [] });
const device = { tenant: 'acme', device: 'd' };

function sendJson(response: ServerResponse, status: number, json: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}

test('a request has the token, and ids that are percent-encoded', async () => {
  const asked: (string | undefined)[] = [];
  const { service } = await given(({ url, headers }, response) => {
    asked.push(url, headers.authorization);
    sendJson(response, 200, unknown('a/b'));
  });
  expect(await service.get({ tenant: 'a c', device: 'a/b?' })).toMatchObject({ status: 'unknown' });
  expect(asked).toEqual(['/v1/tenants/a%20c/devices/a%2Fb%3F', 'Bearer secret']);
});

describe('a service that does not answer', () => {
  const silences: Readonly<Record<string, Serve>> = {
    'takes the request, and sends nothing': () => {},
    'sends the head of an answer alone': (_, response) => response.writeHead(200).flushHeaders(),
    'sends a part of a body': (_, response) => void response.writeHead(200).write('{"tenant":'),
  };
  const calls: Readonly<Record<string, (service: Presence) => Promise<unknown>>> = {
    get: (service) => service.get(device),
    getMany: (service) => service.getMany([device]),
    all: (service) => service.all('acme')[Symbol.asyncIterator]().next(),
    endings: (service) => service.endings('acme')[Symbol.asyncIterator]().next(),
    wasConnected: (service) => service.wasConnected(device, new Date(0)),
  };

  test.each(
    Object.entries(silences).flatMap(([how, serve]) =>
      Object.entries(calls).map(([name, call]) => [how, name, serve, call] as const),
    ),
  )('that %s: %s ends after 30 s', async (_how, _name, serve, call) => {
    const asked = Promise.withResolvers<void>();
    const { clock, service } = await given((request, response) => {
      serve(request, response);
      asked.resolve();
    });
    const outcome = call(service).catch((error: unknown) => error);
    await asked.promise;
    clock.advance(29_999);
    await settled();
    expect(await Promise.race([outcome, Promise.resolve('waits')])).toBe('waits');
    clock.advance(1);
    expect(await outcome).toMatchObject({
      name: 'TransportError',
      message: 'the presence service did not answer within 30 s',
    });
  });

  test('that is asked to forget a device: the call ends, too', async () => {
    const asked = Promise.withResolvers<void>();
    const { clock, service } = await given(() => asked.resolve());
    const outcome = service.forget(device).catch((error: unknown) => error);
    await asked.promise;
    clock.advance(30_000);
    expect(await outcome).toMatchObject({ name: 'TransportError' });
  });
});

test('many devices are asked for, a thousand at a time, in their order', async () => {
  const sizes: number[] = [];
  const { service } = await given((request, response) => {
    void text(request).then((body) => {
      const { devices } = JSON.parse(body) as { readonly devices: readonly { readonly device: string }[] };
      sizes.push(devices.length);
      sendJson(response, 200, { devices: devices.map((each) => unknown(each.device)) });
    });
  });
  const many = Array.from({ length: 2_001 }, (_, number) => ({ tenant: 'acme', device: `d-${number}` }));
  expect((await service.getMany(many)).map((each) => each.device.device)).toEqual(
    many.map((each) => each.device),
  );
  expect(sizes).toEqual([1_000, 1_000, 1]);
  expect(await service.getMany([])).toEqual([]);
});

test('all pages of a list are read', async () => {
  const { service } = await given(({ url = '' }, response) => {
    const cursor = new URL(url, 'http://x').searchParams.get('cursor');
    sendJson(
      response,
      200,
      cursor === null ? { devices: [unknown('a')], next: 'a+b' } : { devices: [unknown(cursor)] },
    );
  });
  const found: string[] = [];
  for await (const each of service.all('acme')) found.push(each.device.device);
  expect(found).toEqual(['a', 'a+b']);
});

test('devices that left are read page by page, with their present status', async () => {
  const ending = {
    ...{
      'connection-id': 'c',
      'event-id': 'e',
      epoch: '01a2076b44000001',
      'remote-id': 'r',
      protocol: 'MQTT 5.0',
    },
    ...{
      adapter: { type: 'hono-mqtt', id: 'a', instance: 'i' },
      basis: { kind: 'session', 'detect-within-ms': 90_000 },
    },
    ...{
      'connected-at': '2026-11-28T10:00:00Z',
      at: '2026-11-28T11:00:00Z',
      'last-seen': '2026-11-28T10:59:00Z',
    },
    ...{ 'uncertainty-ms': 60_000, reason: 'keepalive-timeout', initiator: 'network', clean: false },
  };
  const asked: string[] = [];
  const { service } = await given(({ url = '' }, response) => {
    asked.push(url);
    const one = { device: 'd', status: 'online', ...ending };
    const other = { device: 'e', status: 'of a later version', ...ending };
    sendJson(response, 200, url.includes('cursor') ? { endings: [other] } : { endings: [one], next: 'n' });
  });
  const found: unknown[] = [];
  const from = new Date('2026-11-28T10:30:00Z');
  for await (const each of service.endings('acme', { from, reason: 'keepalive-timeout' })) found.push(each);
  expect(found).toMatchObject([
    {
      device: { tenant: 'acme', device: 'd' },
      status: 'online',
      ending: { reason: 'keepalive-timeout', uncertaintyMs: 60_000, at: Date.parse('2026-11-28T11:00:00Z') },
    },
    { device: { tenant: 'acme', device: 'e' }, status: 'unknown' },
  ]);
  const query = 'reason=keepalive-timeout&from=2026-11-28T10%3A30%3A00.000Z&limit=1000';
  expect(asked).toEqual([`/v1/tenants/acme/endings?${query}`, `/v1/tenants/acme/endings?${query}&cursor=n`]);
});

describe('counts and lists:', () => {
  const answers: Readonly<Record<string, object>> = {
    '/v1/tenants?limit=1000': { tenants: ['acme', 'b c'], next: 'b c' },
    '/v1/tenants?limit=1000&cursor=b+c': { tenants: ['umbrella'] },
    '/v1/adapters?adapter=mqtt-0&limit=1000': {
      adapters: [
        {
          id: 'mqtt-0',
          type: 'hono-mqtt',
          instance: 'i',
          'last-heard-at': '2026-11-28T12:00:00Z',
          publishing: null,
        },
        {
          ...{ id: 'mqtt-0', type: 'hono-mqtt', instance: 'j', 'last-heard-at': '2026-11-28T12:00:01Z' },
          ...{
            'last-announced-at': '2026-11-28T11:00:00Z',
            'announce-interval-ms': 60_000,
            publishing: true,
            connections: 180,
          },
          'of a later version': 1,
        },
      ],
    },
    '/v1/tenants/b%20c/summary?flaps=3': {
      devices: { online: 1, offline: 2, unknown: 0 },
      ...{ protocols: { 'MQTT 5.0': 1 }, reasons: {}, adapters: {} },
      flapping: [{ device: 'd', changes: 12 }],
    },
    '/v1/tenants/acme/timeline?from=2026-11-28T00%3A00%3A00.000Z&step=60': {
      points: [{ at: '2026-11-28T00:00:00Z', online: 2, unknown: 1 }],
      endings: { 'client-closed': 1 },
      'known-since': '2026-11-27T00:00:00Z',
    },
    '/v1/tenants/umbrella/timeline?': { points: [], endings: {} },
    '/v1/tenants/acme/timeline?': { points: [{ at: 'now', online: '2' }], endings: {} },
  };
  const service = async () =>
    (
      await given(({ url = '' }, response) =>
        sendJson(response, answers[url] ? 200 : 404, answers[url] ?? {}),
      )
    ).service;

  test('all tenants, page by page', async () => {
    const found: string[] = [];
    for await (const tenant of (await service()).tenants()) found.push(tenant);
    expect(found).toEqual(['acme', 'b c', 'umbrella']);
  });

  test('instances of an adapter, with the facts about each', async () => {
    const found: object[] = [];
    for await (const each of (await service()).adapters({ adapter: 'mqtt-0' })) found.push(each);
    const heardAt = Date.parse('2026-11-28T12:00:00Z');
    const mqtt = { id: 'mqtt-0', type: 'hono-mqtt' };
    expect(found).toEqual([
      { ...mqtt, instance: 'i', lastHeardAt: heardAt, publishing: undefined, connections: undefined },
      {
        ...{ ...mqtt, instance: 'j', lastHeardAt: heardAt + 1_000, publishing: true, connections: 180 },
        ...{ lastAnnouncedAt: heardAt - 3_600_000, announceIntervalMs: 60_000 },
      },
    ]);
  });

  test('a summary', async () => {
    const { devices, protocols, flapping } = await (await service()).summary('b c', { flapsPerHour: 3 });
    expect([...devices]).toEqual([
      ['online', 1],
      ['offline', 2],
      ['unknown', 0],
    ]);
    expect([protocols.get('MQTT 5.0'), flapping]).toEqual([1, [{ device: 'd', changes: 12 }]]);
  });

  test('a timeline; one that cannot be read is an error', async () => {
    const asked = await service();
    const from = new Date('2026-11-28T00:00:00Z');
    expect(await asked.timeline('acme', { from, stepS: 60 })).toEqual({
      points: [{ at: from.getTime(), online: 2, unknown: 1 }],
      endings: new Map([['client-closed', 1]]),
      knownSince: Date.parse('2026-11-27T00:00:00Z'),
    });
    // A service of an earlier version.
    expect(await asked.timeline('umbrella')).toEqual({ points: [], endings: new Map() });
    await expect(asked.timeline('acme')).rejects.toThrow('at is not a time');
    await expect(asked.timeline('b c')).rejects.toMatchObject({ status: 404 });
  });
});

describe('errors are thrown:', () => {
  test.each<[string, Serve, object]>([
    [
      'a problem',
      (_request, response) =>
        sendJson(response, 400, {
          type: 'urn:rollcall:problem:bad-input',
          title: 'A mistake',
          field: 'device',
        }),
      {
        status: 400,
        type: 'urn:rollcall:problem:bad-input',
        field: 'device',
        message: expect.stringContaining('A mistake') as string,
      },
    ],
    [
      'an answer of somebody else',
      (_request, response) => response.writeHead(502).end('<html>'),
      { status: 502, type: 'about:blank' },
    ],
    [
      'no JSON',
      (_request, response) => response.end('<html>'),
      { name: 'UnreadableAnswer', message: 'the answer is not JSON' },
    ],
    ['another JSON', (_request, response) => sendJson(response, 200, []), { name: 'UnreadableAnswer' }],
    [
      'a redirect, which would take the token elsewhere',
      (_request, response) => response.writeHead(302, { location: '/' }).end(),
      { name: 'TypeError' },
    ],
  ])('%s', async (_what, serve, error) => {
    const { service } = await given(serve);
    await expect(service.get(device)).rejects.toMatchObject(error);
  });
});

describe('watch', () => {
  const stream = (response: ServerResponse, ...frames: readonly string[]): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const frame of frames) response.write(frame);
  };
  const change = (id: string, name: string): string =>
    `event: change\nid: ${id}\ndata: ${JSON.stringify(unknown(name))}\n\n`;

  async function watching(serve: Serve) {
    const { service, clock } = await given(serve);
    const over = new AbortController();
    const news: PresenceNews[] = [];
    const reading = (async () => {
      for await (const each of service.watch('acme', over.signal)) news.push(each);
    })();
    // The test looks at the rejection at the end, if at all.
    reading.catch(() => {});
    onTestFinished(() => over.abort());
    const told = (): readonly string[] =>
      news.map((each) => ('presence' in each ? `${each.type} ${each.presence.device.device}` : each.type));
    return { clock, told, reading, over };
  }

  test('a page is no stream of changes, and is not asked for again', async () => {
    const { reading } = await watching((_request, response) => response.end('<html>'));
    await expect(reading).rejects.toMatchObject({ name: 'UnreadableAnswer' });
  });

  test('goes on after the last id when the connection is lost, and not before it', async () => {
    const asked: (string | undefined)[] = [];
    const { clock, told, over, reading } = await watching(({ headers }, response) => {
      const lastId = headers['last-event-id'];
      asked.push(typeof lastId === 'string' ? lastId : undefined);
      if (asked.length === 1)
        stream(response, 'retry: 2000\n\n', change('x-1', 'a'), ': comment\n\n', change('x-2', 'b'));
      else
        stream(
          response,
          'event: heartbeat\nid: x-3\ndata: {}\n\n',
          'event: later\ndata: {}\n\n',
          change('x-4', 'c'),
        );
      if (asked.length === 1) setImmediate(() => response.destroy());
    });
    await expect.poll(told).toContain('change b');
    await expect.poll(() => clock.armed).toBe(1);
    await clock.advanceAsync(500);
    await expect.poll(told).toEqual(['reset', 'change a', 'change b', 'change c']);
    expect(asked).toEqual([undefined, 'x-2']);
    over.abort();
    await reading;
  });

  test('begins again if the connection is lost within a snapshot', async () => {
    let asked = 0;
    const { clock, told } = await watching((_request, response) => {
      asked += 1;
      stream(response, `event: snapshot\ndata: ${JSON.stringify({ devices: [unknown('a')] })}\n\n`);
      if (asked === 1) setImmediate(() => response.destroy());
      else response.write('event: snapshot-end\nid: x-1\ndata: {}\n\n');
    });
    await expect.poll(told).toContain('snapshot a');
    await expect.poll(() => clock.armed).toBe(1);
    await clock.advanceAsync(500);
    await expect.poll(told).toEqual(['reset', 'snapshot a', 'reset', 'snapshot a', 'snapshot-end']);
  });

  test('tells its caller of a change that cannot be read, and does not skip it', async () => {
    const { reading, told } = await watching((_request, response) => {
      stream(response, change('x-1', 'a'), 'event: change\nid: x-2\ndata: {"tenant":"acme"}\n\n');
    });
    await expect(reading).rejects.toMatchObject({ name: 'UnreadableAnswer' });
    expect(told()).toEqual(['reset', 'change a']);
  });

  test('asks again for a change whose text is damaged', async () => {
    const asked: unknown[] = [];
    const { clock, told } = await watching(({ headers }, response) => {
      asked.push(headers['last-event-id']);
      if (asked.length === 1) stream(response, change('x-1', 'a'), 'event: change\nid: x-2\ndata: {"ten\n\n');
      else stream(response, change('x-2', 'b'));
    });
    await expect.poll(told).toContain('change a');
    await expect.poll(() => clock.armed).toBe(1);
    await expect
      .poll(async () => {
        await clock.advanceAsync(500);
        return asked;
      })
      .toEqual([undefined, 'x-1']);
    await expect.poll(told).toEqual(['reset', 'change a', 'change b']);
  });

  test('counts a connection as gone after a minute of silence', async () => {
    let asked = 0;
    const { clock } = await watching((_request, response) => {
      asked += 1;
      stream(response, 'retry: 2000\n\n');
    });
    await expect.poll(() => asked).toBe(1);
    await settled();
    await clock.advanceAsync(60_000);
    await expect.poll(() => clock.armed).toBeGreaterThan(0);
    await expect
      .poll(async () => {
        await clock.advanceAsync(500);
        return asked;
      })
      .toBe(2);
  });

  test('ends if the service refuses, and goes on if it is only away', async () => {
    let asked = 0;
    const { clock, reading } = await watching((_request, response) => {
      asked += 1;
      sendJson(response, asked === 1 ? 503 : 401, { type: 'urn:rollcall:problem:no-token' });
    });
    await expect.poll(() => clock.armed).toBe(1);
    await clock.advanceAsync(500);
    await expect(reading).rejects.toBeInstanceOf(PresenceError);
    expect(asked).toBe(2);
  });
});

test('events of a stream are read however they are cut into pieces', async () => {
  const whole =
    'event: a\r\nid: 1\r\ndata: x\r\n\r\nevent: b\ndata: {"é":1}\ndata: y\n\n: comment\n\ndata: z\n\n';
  const bytes = Buffer.from(whole);
  for (const size of [1, 2, 3, 7, 1_000]) {
    const found: object[] = [];
    const pieces = async function* () {
      for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
    };
    for await (const event of sseEvents(pieces())) found.push(event);
    expect(found).toEqual([
      { event: 'a', id: '1', data: 'x' },
      { event: 'b', data: '{"é":1}\ny' },
      { event: 'message', data: 'z' },
    ]);
  }
});

test.each(Object.entries(nastyStrings))('an event is read whose text has %s', async (_what, nasty) => {
  const data = JSON.stringify({ said: { 'remote-id': nasty } });
  const found: SseEvent[] = [];
  const bytes = [Buffer.from(`event: change\nid: 1\ndata: ${data}\n\n`)];
  for await (const event of sseEvents(Readable.from(bytes))) found.push(event);
  expect(found).toEqual([{ event: 'change', id: '1', data }]);
});
