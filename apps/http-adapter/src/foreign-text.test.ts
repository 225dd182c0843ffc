import { once } from 'node:events';
import { connect } from 'node:net';
import { expectPrintableMetrics, expectUnharmed, watchConsole } from '@rollcall/adapter-conformance';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';
import { illFormedUtf8, nastyStrings } from '@rollcall/conformance/hostile';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { isPrintable } from '@rollcall/core/text';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';

let adapter: AdapterInTest;
let expectNothingPrinted: () => void;

async function begin(): Promise<void> {
  expectNothingPrinted = watchConsole();
  adapter = await startForTest(createHttpAdapter({ ...options, endLeasesAtShutdown: true }), {
    settings: { health: { host: '127.0.0.1', port: 0 } },
  });
}
async function end(): Promise<void> {
  await expectPrintableMetrics(adapter);
  await adapter.running.stop({ graceMs: 0 });
  expectUnharmed(adapter);
  expectNothingPrinted();
}

const basic = (credentials: Uint8Array | string): string =>
  `Basic ${Buffer.from(credentials).toString('base64')}`;
const known = basic(`thermostat-7@acme:${scriptedPassword}`);

/** Sends a request, byte by byte as it is given; resolves with the status, 0 where there is no answer. */
async function ask(head: string, authorization: string = known): Promise<number> {
  const socket = connect(adapter.address.port, '127.0.0.1');
  socket.on('error', () => {});
  const [line = '', ...headers] = head.split('\r\n');
  const lines = [line, 'host: a', 'connection: close', `authorization: ${authorization}`, ...headers];
  socket.write(Buffer.from(`${lines.join('\r\n')}\r\ncontent-length: 1\r\n\r\nx`));
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  await once(socket, 'close');
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
}

const nasty = Object.entries(nastyStrings).filter(([, text]) => !isPrintable(text));

describe.each(nasty)('%s does no harm', (_what, text) => {
  beforeAll(begin);
  afterAll(end);
  const encoded = encodeURIComponent(text.toWellFormed());

  test('as the user name of a request', async () => {
    const before = adapter.sink.events.length;
    const status = await ask('POST /event HTTP/1.1\r\ncontent-type: a/b', basic(`${text}@acme:x`));
    expect(status).toBe(401);
    expect(adapter.sink.events).toHaveLength(before);
  });

  test.each([
    ['a path', `POST /${text} HTTP/1.1`],
    ['a path, encoded', `POST /${encoded} HTTP/1.1`],
    ['a device', `PUT /event/acme/${text} HTTP/1.1\r\ncontent-type: a/b`],
    ['a device, encoded', `PUT /event/acme/${encoded} HTTP/1.1\r\ncontent-type: a/b`],
    ['a tenant, encoded', `PUT /event/${encoded}/valve-1 HTTP/1.1\r\ncontent-type: a/b`],
    ['a query', `POST /event?hono-ttd=${encoded} HTTP/1.1\r\ncontent-type: a/b`],
    ['a method', `${text} /event HTTP/1.1`],
    ['an origin', `POST /event HTTP/1.1\r\ncontent-type: a/b\r\norigin: ${text}`],
    [
      'a trace',
      `POST /event HTTP/1.1\r\ncontent-type: a/b\r\ntraceparent: 00-${'a'.repeat(32)}-${'b'.repeat(16)}-01\r\ntracestate: ${text}`,
    ],
    ['the name of a header', `POST /event HTTP/1.1\r\ncontent-type: a/b\r\n${text}: a`],
  ])('as %s of a request', async (_where, head) => {
    // Whatever becomes of it.
    expect(await ask(head)).toBeLessThan(500);
  });

  test('as the content type of a request', async () => {
    const before = adapter.sender.messages.length;
    expect(await ask(`POST /event HTTP/1.1\r\ncontent-type: a/${text}b`)).toBe(400);
    expect(adapter.sender.messages).toHaveLength(before);
    // Its parameters do not go on.
    expect([202, 400]).toContain(await ask(`POST /event HTTP/1.1\r\ncontent-type: a/b;c="${text}"`));
    for (const { contentType } of adapter.sender.messages) expect(contentType).toBe('a/b');
  });
});

describe('a user name', () => {
  beforeAll(begin);
  afterAll(end);

  test.each(Object.entries(illFormedUtf8))('that is %s is refused', async (_what, bytes) => {
    const credentials = Buffer.concat([bytes, Buffer.from(`@acme:${scriptedPassword}`)]);
    expect(await ask('POST /event HTTP/1.1\r\ncontent-type: a/b', basic(credentials))).toBe(401);
  });

  test('that has the password in it is not logged', async () => {
    for (const name of [`thermostat-7@acme:${scriptedPassword}`, scriptedPassword])
      expect(await ask('POST /event HTTP/1.1\r\ncontent-type: a/b', basic(`${name}:x`))).toBe(401);
    expect(JSON.stringify(adapter.logged)).not.toContain(scriptedPassword);
  });
});
