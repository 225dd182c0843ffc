import { createMemoryJournal } from '@rollcall/outbox';
import { startForTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { ManualClock, settled } from '@rollcall/conformance';
import { scriptedKey } from '@rollcall/conformance/registry';
import { expect, onTestFinished, test } from 'vitest';
import { createCoapAdapter } from './adapter.ts';
import { createCoapDevice } from './testing/coap-device.ts';
import { options } from './testing/options.ts';

const minute = 60_000;

async function given(setting: TestSetting) {
  const adapter = await startForTest(createCoapAdapter(options), setting);
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  const device = () =>
    createCoapDevice(adapter.address.port, {
      psk: { identity: Buffer.from('thermostat-7@acme'), secret: scriptedKey },
    });
  /** Wakes up, makes an association, sends, closes it, and sleeps. */
  async function upload(path = 'telemetry'): Promise<void> {
    const awake = device();
    expect(await awake.connect()).toBe(true);
    expect(await awake.send(path, { payload: path.includes('empty') ? Buffer.alloc(0) : Buffer.of(1) })).toBe(
      '2.04',
    );
    awake.close();
    // The close_notify is on its way to the adapter.
    for (let turns = 0; turns < 5; turns++) await settled();
    await adapter.clock.advanceAsync(5 * minute);
  }
  return { ...adapter, upload };
}

test('a device that closes after each upload is reported as gone twice, then it stays present, also over a restart', async () => {
  const clock = new ManualClock();
  const journal = createMemoryJournal();
  const first = await given({ clock, journal });
  for (let uploads = 0; uploads < 5; uploads++) await first.upload();
  expect(first.sink.events.map(({ type, basis }) => [type, basis.kind === 'lease' && basis.from])).toEqual([
    ['connected', 'default'],
    ['disconnected', 'default'],
    ['connected', 'default'],
    ['disconnected', 'default'],
    ['connected', 'learned'],
  ]);
  await first.running.stop({ graceMs: 0 });

  const second = await given({ clock, journal });
  for (let uploads = 0; uploads < 2; uploads++) await second.upload();
  expect(second.sink.events).toEqual([]);
  await second.upload('event?empty&hono-ttd=0');
  expect(second.sink.events).toMatchObject([{ type: 'disconnected', reason: 'client-closed' }]);
});
