import { ManualClock } from '@rollcall/conformance';
import { createMemoryJournal } from '@rollcall/outbox';
import { expect, test } from 'vitest';
import { startLeases } from '../testing/start-leases.ts';

test('a lease of an earlier run is announced by the one that goes on with it', async () => {
  const [clock, journal] = [new ManualClock(), createMemoryJournal()];
  const setting = { clock, journal, settings: { announceIntervalMs: 30_000 } };
  const before = await startLeases(setting);
  await before.request('thermostat-7@acme', 600_000);
  const [connected] = await before.events(1);
  await before.running.stop({ graceMs: 0 });

  const after = await startLeases({ ...setting, seed: 2 });
  const { instance } = after.host.context.identity;
  expect(instance).not.toBe(connected?.adapter.instance);
  await clock.advanceAsync(31_000);
  // Consumers count what other instances opened as unknown, if the one that they hear has no journal or a copy.
  expect(after.sink.attempts).toMatchObject([
    {
      announcement: true,
      event: {
        connectionId: connected?.connectionId,
        epoch: connected?.epoch,
        adapter: { id: connected?.adapter.id, instance },
        journal: { state: 'kept' },
      },
    },
  ]);
  await after.running.stop({ graceMs: 0 });
});
