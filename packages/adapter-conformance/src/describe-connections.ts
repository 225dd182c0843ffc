import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { expectPair, thermostat, type AdapterBed } from './adapter-bed.ts';

/** A device that connects, and leaves in one way or another. */
export function describeConnections({ harness, can, withAdapter, connected }: AdapterBed): void {
  test('an accepted device gives one connected event', () =>
    withAdapter(async (adapter) => {
      await connected(adapter);
      const [event] = await adapter.events(1);
      expect(event).toMatchObject({
        type: 'connected',
        device: { tenant: 'acme', device: 'thermostat-7' },
        adapter: adapter.running.identity,
      });
      await settled();
      expect(adapter.sink.events).toHaveLength(1);
    }));

  test.runIf(can('leave'))('a goodbye gives the matching disconnected event, clean', () =>
    withAdapter(async (adapter) => {
      await (await connected(adapter)).leave();
      const [first, second] = await adapter.events(2);
      expect(second).toMatchObject({
        type: 'disconnected',
        reason: 'client-closed',
        clean: true,
        initiator: 'device',
      });
      expectPair(first, second);
    }),
  );

  test.runIf(can('vanish'))('a lost network connection gives the matching disconnected event, unclean', () =>
    withAdapter(async (adapter) => {
      await (await connected(adapter)).vanish();
      const [first, second] = await adapter.events(2);
      expect(second).toMatchObject({ type: 'disconnected', clean: false, initiator: 'network' });
      expectPair(first, second);
    }),
  );

  test.runIf(can('fallSilent'))('silence is noticed in time, and the event says how uncertain it is', () =>
    withAdapter(async (adapter) => {
      await (await connected(adapter)).fallSilent();
      await adapter.events(1);
      await adapter.clock.advanceAsync(harness.silenceMs);
      const [first, second] = await adapter.events(2);
      expectPair(first, second);
      if (second?.type !== 'disconnected') throw new Error('no disconnected event');
      expect(second.clean).toBe(false);
      expect(second.uncertaintyMs).toBeGreaterThan(0);
      expect(second.uncertaintyMs).toBe(second.at - second.lastSeen);
    }),
  );

  test.runIf(can('takeOver'))('a newer connection with the same name ends the older one first', () =>
    withAdapter(async (adapter) => {
      await connected(adapter);
      await adapter.events(1);
      await connected(adapter);
      const [first, second, third] = await adapter.events(3);
      expectPair(first, second);
      expect(second).toMatchObject({ reason: 'taken-over' });
      expect(third).toMatchObject({ type: 'connected' });
      expect((third?.epoch ?? '') > (first?.epoch ?? '')).toBe(true);
    }),
  );

  test('devices of different tenants with the same name do not meet', () =>
    withAdapter(async (adapter) => {
      await connected(adapter);
      await connected(adapter, { ...thermostat, username: 'thermostat-7@umbrella' });
      const events = await adapter.events(2);
      expect(events.map(({ type }) => type)).toEqual(['connected', 'connected']);
    }));
}
