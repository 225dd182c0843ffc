import { settled } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import type { AdapterInTest } from '@rollcall/adapter-process/testing';
import { thermostat, valve, type AdapterBed } from './adapter-bed.ts';
import { allCurses, cursedAdapter } from './cursed-adapter.ts';
import { makeSocketsUnwritable, writeFailures } from './unwritable-sockets.ts';

/** What goes wrong for one device costs no other anything. */
export function describeContainment({ harness, can, withAdapter, connected }: AdapterBed): void {
  test.each(allCurses)('what throws for one device costs it its connection, and no other: %s', (curse) =>
    withAdapter(
      async (adapter) => {
        const before = await connected(adapter);
        const victim = await harness.connect(adapter.address, valve);
        if (can('leave')) await victim?.leave();
        else await victim?.vanish();
        await connected(adapter, { ...thermostat, username: 'thermostat-7@umbrella' });
        await settled();
        expectOnlyVictimEnded(adapter);
        expect(adapter.logged.some(({ level }) => level === 'error')).toBe(true);
        await before.vanish();
      },
      undefined,
      cursedAdapter(harness.createAdapter(), curse, 'valve-1'),
    ),
  );

  test.each(writeFailures)('a device that cannot be written to (%s) costs no other anything', (failure) =>
    withAdapter(async (adapter) => {
      await connected(adapter);
      const mend = makeSocketsUnwritable(failure);
      onTestFinished(mend);
      const victim = await harness.connect(adapter.address, valve).catch(() => undefined);
      await victim?.vanish();
      mend();
      await connected(adapter, { ...thermostat, username: 'thermostat-7@umbrella' });
      await settled();
      expect(adapter.sink.events.length).toBeGreaterThanOrEqual(2);
      expectOnlyVictimEnded(adapter);
    }),
  );

  test('a registry that throws for one device has it refused, and no other', () =>
    withAdapter(async (adapter) => {
      const ask = adapter.registry.assertRegistration.bind(adapter.registry);
      adapter.registry.assertRegistration = (device, gateway) => {
        if (device.device === 'valve-1') throw new Error('cursed');
        return ask(device, gateway);
      };
      expect(await harness.connect(adapter.address, valve)).toBeUndefined();
      await connected(adapter);
      await settled();
      expect(adapter.sink.events.map(({ device }) => device.device)).toEqual(['thermostat-7']);
      expectOnlyVictimEnded(adapter);
      expect(adapter.logged).toContainEqual(expect.objectContaining({ level: 'error' }));
    }));
}

/** Of whatever threw it is told, and of nothing else; who is gone is not told as there. */
function expectOnlyVictimEnded({ sink, logged }: AdapterInTest): void {
  const open = new Map<string, string>();
  for (const { type, connectionId, device, basis } of sink.events)
    if (type === 'disconnected') open.delete(connectionId);
    else if (basis.kind === 'session' || device.device !== 'valve-1') open.set(connectionId, device.device);
  const devices = new Set(sink.events.map(({ device }) => device.device));
  expect([...open.values()]).toEqual([...open.values()].filter((device) => device === 'thermostat-7'));
  expect(devices).toContain('thermostat-7');
  const errors = logged.filter(({ level }) => level === 'error');
  expect(errors.filter(({ facts }) => !('where' in facts))).toEqual([]);
}
