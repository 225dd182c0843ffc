import { expectPrintableMetrics, expectUnharmed } from '@rollcall/adapter-conformance';
import { startForTest } from '@rollcall/adapter-process/testing';
import { harmWithin, illFormedUtf8, nastyStrings } from '@rollcall/conformance/hostile';
import { scriptedKey } from '@rollcall/conformance/registry';
import { expect, test } from 'vitest';
import { createCoapAdapter } from './adapter.ts';
import { createCoapDevice } from './testing/coap-device.ts';
import { options } from './testing/options.ts';

test('control characters and markup in a path, a query and an identity do no harm', async () => {
  const adapter = await startForTest(createCoapAdapter({ ...options, endLeasesAtShutdown: true }), {
    settings: { health: { host: '127.0.0.1', port: 0 } },
  });
  const { port } = adapter.address;
  const psk = { identity: Buffer.from('thermostat-7@acme'), secret: scriptedKey };
  const device = createCoapDevice(port, { psk });
  expect(await device.connect()).toBe(true);
  const payload = Buffer.from('x');
  for (const text of Object.values(nastyStrings)) {
    const asked = [
      { path: [text] },
      { path: ['event', text] },
      { method: 'PUT', path: ['event', 'acme', text] },
      { method: 'PUT', path: ['event', text, 'valve-1'] },
      { path: ['event'], query: [`hono-ttd=${text}`] },
      { path: ['event'], query: [`${text}=1`, text] },
    ] as const;
    for (const request of asked) await device.ask({ ...request, payload });
  }
  device.vanish();
  await expectPrintableMetrics(adapter);
  await adapter.running.stop({ graceMs: 0 });
  expect(adapter.sink.events.map(harmWithin).filter((harm) => harm !== undefined)).toEqual([]);
  expectUnharmed(adapter);
});

// Each waits for an answer that does not come.
test.concurrent.each([
  ...Object.entries(nastyStrings).map(([what, text]) => [what, Buffer.from(`${text}@acme`)] as const),
  ...Object.entries(illFormedUtf8).map(
    ([what, bytes]) => [what, Buffer.concat([bytes, Buffer.from('@acme')])] as const,
  ),
])('a handshake with %s as its identity is refused', async (_what, identity) => {
  const adapter = await startForTest(createCoapAdapter(options));
  const device = createCoapDevice(adapter.address.port, { psk: { identity, secret: scriptedKey } });
  expect(await device.connect()).toBe(false);
  device.vanish();
  await adapter.running.stop({ graceMs: 0 });
  expect(adapter.sink.events).toEqual([]);
  expectUnharmed(adapter);
});
