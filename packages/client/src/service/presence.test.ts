import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, onTestFinished, test } from 'vitest';
import { presence, PresenceError } from './presence.ts';
import { sseEvents } from './sse-events.ts';
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

test('a question has the token, and ids that are percent-encoded', async () => {
  const asked: (string | undefined)[] = [];
  const { service } = await given(({ url, headers }, response) => {
    asked.push(url, headers.authorization);
    sendJson(response, 200, unknown('a/b'));
  });
  expect(await service.get({ tenant: 'a c', device: 'a/b?' })).toMatchObject({ status: 'unknown' });
  expect(asked).toEqual(['/v1/tenants/a%20c/devices/a%2Fb%3F', 'Bearer secret']);
});

test('many are asked about a thousand at a time, in their order', async () => {
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

describe('what goes wrong is thrown:', () => {
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
    ['no JSON', (_request, response) => response.end('hello'), { name: 'SyntaxError' }],
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
    // It is looked at in the end, if at all.
    reading.catch(() => {});
    onTestFinished(() => over.abort());
    const told = (): readonly string[] =>
      news.map((each) => ('presence' in each ? `${each.type} ${each.presence.device.device}` : each.type));
    return { clock, told, reading, over };
  }

  test('goes on behind the last id when the connection is lost, and not before', async () => {
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

  test('begins again where the connection is lost within a snapshot', async () => {
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

  test('takes silence of a minute for a connection that is gone', async () => {
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

  test('ends where the service refuses, and goes on where it is only away', async () => {
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
