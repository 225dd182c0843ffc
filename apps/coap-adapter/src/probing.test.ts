import type { AdapterInTest, TestSetting } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { createMemoryJournal } from '@rollcall/outbox';
import { describe, expect, test } from 'vitest';
import { causes, givenAConnectedDevice } from './testing/adapter-bed.ts';

const minute = 60_000;

describe('probing', () => {
  const probed: TestSetting = { tenant: { presenceIntervalSeconds: 600, presenceProbe: true } };

  test('a device that answers its probes stays present', async () => {
    const adapter = await givenAConnectedDevice({}, probed);
    await adapter.device.send('telemetry');
    // Five intervals, one probe each.
    for (let interval = 0; interval < 5; interval++) {
      await adapter.clock.advanceAsync(508_000);
      await untilHeard(adapter);
    }
    expect(causes(adapter)).toEqual(['connected']);
  });

  test('after a restart, a device that is back without a request is probed', async () => {
    const journal = createMemoryJournal();
    const before = await givenAConnectedDevice({}, { ...probed, journal });
    await before.device.send('telemetry');
    await before.running.stop({ graceMs: 0 });
    const after = await givenAConnectedDevice({}, { ...probed, journal });
    for (let interval = 0; interval < 3; interval++) {
      await after.clock.advanceAsync(508_000);
      for (let turns = 0; turns < 20; turns++) await settled();
    }
    expect(causes(after)).toEqual([]);
    after.device.coap.answerPings(false);
    await after.clock.advanceAsync(600_000);
    await after.events(1);
    expect(causes(after)).toEqual(['probe-failed']);
  });

  test('a device that does not answer its probe is reported as probe-failed when its lease runs out', async () => {
    const adapter = await givenAConnectedDevice({}, probed);
    await adapter.device.send('telemetry');
    adapter.device.coap.answerPings(false);
    await adapter.clock.advanceAsync(599_000);
    expect(causes(adapter)).toEqual(['connected']);
    await adapter.clock.advanceAsync(10_000);
    const [, ended] = await adapter.events(2);
    expect(ended).toMatchObject({ reason: 'probe-failed', initiator: 'adapter', clean: false });
    expect((ended as { readonly uncertaintyMs: number }).uncertaintyMs).toBeGreaterThanOrEqual(600_000);
  });

  test('a device that is heard during its probe is probed again before its next lease runs out', async () => {
    const often: TestSetting = { tenant: { presenceIntervalSeconds: 10, presenceProbe: true } };
    const adapter = await givenAConnectedDevice({}, often);
    await adapter.device.send('telemetry');
    adapter.device.coap.answerPings(false);
    for (let interval = 0; interval < 3; interval++) {
      // The probe begins after 7.5 s; its retransmissions go on for a minute.
      await adapter.clock.advanceAsync(8_000);
      await adapter.device.send('telemetry');
    }
    await adapter.clock.advanceAsync(7_000);
    adapter.device.coap.answerPings(true);
    await adapter.clock.advanceAsync(600);
    await untilHeard(adapter);
    await adapter.clock.advanceAsync(6_000);
    await untilHeard(adapter);
    expect(causes(adapter)).toEqual(['connected']);
  });

  test('a device without an association is not probed, and is reported as inactive', async () => {
    const adapter = await givenAConnectedDevice({}, probed);
    await adapter.device.send('telemetry');
    adapter.device.dtls.close();
    await settled();
    await adapter.clock.advanceAsync(600_000);
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'inactive']);
  });

  test('a device is not probed unless the registry or the configuration says so', async () => {
    const adapter = await givenAConnectedDevice();
    await adapter.device.send('telemetry');
    await adapter.clock.advanceAsync(10 * minute);
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'inactive']);
  });

  /** The answer to a probe travels over a real socket. */
  async function untilHeard({ sink }: AdapterInTest): Promise<void> {
    for (let turns = 0; turns < 20; turns++) await settled();
    expect(sink.events).toHaveLength(1);
  }
});
