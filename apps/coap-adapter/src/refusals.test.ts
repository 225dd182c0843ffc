import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { scriptedKey } from '@rollcall/conformance/registry';
import { expect, onTestFinished, test } from 'vitest';
import { createCoapAdapter } from './adapter.ts';
import { createCoapDevice } from './testing/coap-device.ts';
import { options } from './testing/options.ts';

async function given() {
  const adapter = await startForTest(
    createCoapAdapter({ ...options, plain: { host: '127.0.0.1', port: 0 } }),
    { settings: { health: { host: '127.0.0.1', port: 0 } } },
  );
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  const [secure, plain] = adapter.running.listening;
  if (!secure || !plain) throw new Error('a port is closed');
  const stranger = createSocket('udp4');
  stranger.bind(0, '127.0.0.1');
  await once(stranger, 'listening');
  onTestFinished(() => void stranger.close());
  const text = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${adapter.running.healthPort}/metrics`)).text();
  return {
    adapter,
    secure,
    plain,
    /** The value of a series of these labels. */
    async metric(name: string, cause?: string): Promise<number | undefined> {
      const line = (await text())
        .split('\n')
        .find((each) => each.startsWith(name) && (!cause || each.includes(`cause="${cause}"`)));
      return line === undefined ? undefined : Number(line.split(' ').at(-1));
    },
    say: (hex: string, port: number) => stranger.send(Buffer.from(hex, 'hex'), port, '127.0.0.1'),
  };
}

function linesOf({ logged }: AdapterInTest, port = 'coaps') {
  return logged.filter(({ message }) => message === `${port}: refused within a minute`);
}

test('refusals are counted by cause in the metrics, and logged in one line a minute', async () => {
  const { adapter, secure, plain, metric, say } = await given();
  // given datagrams that are not records, records without keys, and on the other port bytes that are not CoAP
  for (const _ of [1, 2, 3]) say('ffffff', secure.port);
  for (const _ of [1, 2]) say(`17fefd00010000000000010020${'aa'.repeat(32)}`, secure.port);
  say('ffffffff', plain.port);
  while ((await metric('rollcall_dtls_dropped_total', 'unknown-association')) !== 2) await settled();
  while ((await metric('rollcall_coap_refused_total', 'format-error')) !== 1) await settled();
  expect(await metric('rollcall_dtls_dropped_total', 'malformed')).toBe(3);
  // and a device with a wrong key
  const device = createCoapDevice(secure.port, {
    psk: { identity: Buffer.from('thermostat-7@acme'), secret: Buffer.from('guess-me') },
  });
  onTestFinished(() => device.vanish());
  expect(await device.connect()).toBe(false);
  await adapter.clock.advanceAsync(59_000);
  expect(linesOf(adapter)).toEqual([]);
  await adapter.clock.advanceAsync(1_000);
  // then
  const [line, ...more] = linesOf(adapter);
  expect(more).toEqual([]);
  expect(line).toMatchObject({
    level: 'warn',
    facts: {
      // On a busy machine, the device says again what it said, and its handshake is over by then.
      causes: {
        malformed: 3,
        'unknown-association': expect.toSatisfy((count: number) => count >= 2) as unknown,
      },
      from: [{ addresses: '127.0.0.1' }],
    },
  });
  expect(linesOf(adapter, 'coap')).toMatchObject([
    { facts: { refused: 1, causes: { 'format-error': 1 }, from: [{ addresses: '127.0.0.1', atLeast: 1 }] } },
  ]);
  await adapter.clock.advanceAsync(120_000);
  expect(await metric('rollcall_dtls_handshake_failures_total', 'keys-differ')).toBe(1);
  expect(linesOf(adapter).length).toBeLessThanOrEqual(2);
});

test('associations, handshakes and requests are counted in the metrics', async () => {
  const { secure, metric } = await given();
  const device = createCoapDevice(secure.port, {
    psk: { identity: Buffer.from('thermostat-7@acme'), secret: scriptedKey },
  });
  onTestFinished(() => device.vanish());
  await device.connect();
  expect(await device.send('telemetry')).toBe('2.04');
  expect(await metric('rollcall_dtls_associations')).toBe(1);
  expect(await metric('rollcall_dtls_handshakes_total')).toBe(1);
  expect(await metric('rollcall_dtls_hello_verify_requests_total')).toBe(1);
  expect(await metric('rollcall_dtls_sessions')).toBe(1);
  expect(await metric('rollcall_coap_requests_total')).toBe(1);
});
