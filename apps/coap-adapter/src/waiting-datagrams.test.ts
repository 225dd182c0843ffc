import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { startForTest } from '@rollcall/adapter-process/testing';
import { scriptedKey } from '@rollcall/conformance/registry';
import { expect, onTestFinished, test } from 'vitest';
import { createCoapAdapter } from './adapter.ts';
import { createCoapDevice } from './testing/coap-device.ts';
import { options } from './testing/options.ts';

// The buffer of a socket is emptied in many turns, none of which is long: what is read last has waited since the first.

const turnMs = 40;

test('a device that leaves behind many datagrams left within the interval that is told', async () => {
  const adapter = await startForTest(createCoapAdapter(options));
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  const { port } = adapter.address;
  const device = createCoapDevice(port, {
    psk: { identity: Buffer.from('thermostat-7@acme'), secret: scriptedKey },
  });
  await device.connect();
  expect(await device.send('telemetry')).toBe('2.04');
  const stranger = createSocket('udp4');
  stranger.bind(0, '127.0.0.1');
  await once(stranger, 'listening');
  onTestFinished(() => void stranger.close());
  // when
  const saidAt = adapter.clock.now();
  await Promise.all(
    Array.from(
      { length: 200 },
      () => new Promise((sent) => stranger.send(Buffer.from('ffffff', 'hex'), port, '127.0.0.1', sent)),
    ),
  );
  device.close();
  while (adapter.sink.events.length < 2) {
    adapter.clock.advance(turnMs);
    await nextTurn();
  }
  // then
  const [, ending] = adapter.sink.events;
  expect(ending).toMatchObject({ type: 'disconnected', reason: 'client-closed' });
  if (ending?.type !== 'disconnected') return;
  // The first turn reads the first of them.
  expect(ending.at - ending.uncertaintyMs).toBeLessThanOrEqual(saidAt + 2 * turnMs);
});
