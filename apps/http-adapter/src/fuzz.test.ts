import { expectUnharmed, makeSocketsUnreliable } from '@rollcall/adapter-conformance';
import { startForTest } from '@rollcall/adapter-process/testing';
import { seededRandom } from '@rollcall/conformance';
import { mutated, sendInPieces } from '@rollcall/conformance/hostile';
import { loopbackHosts } from '@rollcall/conformance/machine';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { expect, test } from 'vitest';
import { createHttpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';

const allCases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 160);
const cases = Math.ceil(allCases / loopbackHosts.length);
const atATime = 50;

const authorization = `Basic ${Buffer.from(`thermostat-7@acme:${scriptedPassword}`).toString('base64')}`;

function request(line: string, headers: string, body = ''): Buffer {
  const head = `${line} HTTP/1.1\r\nhost: a\r\nauthorization: ${authorization}\r\n${headers}\r\n`;
  return Buffer.from(`${head}\r\n${body}`);
}

/** A conversation that the adapter would take. */
const conversation: readonly Buffer[] = [
  request('POST /telemetry', 'content-type: application/json\r\ncontent-length: 2', '{}'),
  request(
    'PUT /event//valve-1?hono-ttl=10',
    'content-type: a/b\r\ntransfer-encoding: chunked',
    '2\r\nhi\r\n0\r\n\r\n',
  ),
  request(
    'POST /event?hono-ttd=0',
    'content-type: application/vnd.eclipse-hono-empty-notification\r\ncontent-length: 0',
  ),
  request('OPTIONS /telemetry', 'origin: https://a\r\naccess-control-request-method: POST'),
  request(
    'POST /telemetry',
    'qos-level: 1\r\ncontent-type: a/b\r\ncontent-length: 1\r\nconnection: close',
    'x',
  ),
];

test.each(loopbackHosts)(
  `${cases} mutated conversations on %s, over sockets that fail, cause no crash and no unmatched event, and an honest device is served`,
  { timeout: 180_000 + cases * 20 },
  async (host) => {
    const adapter = await startForTest(
      createHttpAdapter({ ...options, plain: { host, port: 0 }, endLeasesAtShutdown: true }),
    );
    const { port } = adapter.address;
    const random = seededRandom(20_261_124);
    for (let index = 0; index < cases; index += atATime) {
      const bytes = Array.from({ length: Math.min(atATime, cases - index) }, () =>
        mutated(conversation, random),
      );
      const mend = makeSocketsUnreliable(random);
      await Promise.all(bytes.map((each) => sendInPieces(port, each, random, host)));
      mend();
      const honest = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}/telemetry`, {
        method: 'POST',
        headers: { authorization: authorization, 'content-type': 'text/plain' },
        body: 'still here',
      });
      expect(honest.status).toBe(202);
    }
    await adapter.running.stop({ graceMs: 0 });

    expectUnharmed(adapter, true);
    // Some conversations were accepted to their end: what the fuzz does not reach, it does not test.
    const goodbyes = adapter.sink.events.filter((event) => event.type === 'disconnected');
    expect(goodbyes.length).toBeGreaterThan(cases / 20);
    expect(adapter.sender.messages.length).toBeGreaterThan(cases / 2);
  },
);
