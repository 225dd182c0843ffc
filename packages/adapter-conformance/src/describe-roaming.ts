import { ManualClock, settled } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import type { AdapterInTest, TestSetting } from '@rollcall/adapter-process/testing';
import { describe, expect, test } from 'vitest';
import { expectPair, thermostat, valve, type AdapterBed } from './adapter-bed.ts';

interface Fleet {
  readonly fleet: MemoryFleet;
  readonly a: AdapterInTest;
  readonly b: AdapterInTest;
}

/** A device between two adapters of a fleet. */
export function describeRoaming({ harness, can, withAdapter, connected }: AdapterBed): void {
  function withFleet(use: (fleet: Fleet) => Promise<void>, setting: TestSetting = {}): Promise<void> {
    const clock = new ManualClock();
    const fleet = new MemoryFleet(clock);
    const member = (adapterId: string, seed: number) => ({
      ...setting,
      directory: fleet.create,
      clock,
      seed,
      settings: { adapterId },
    });
    return withAdapter(
      (a) => withAdapter((b) => use({ fleet, a, b }), member('b', 2), harness.createAdapter()),
      member('a', 1),
    );
  }
  const instanceOf = ({ running }: AdapterInTest): string => running.identity.instance;

  const full: TestSetting = { tenant: { limits: { maxConnections: 1 } } };

  const isLease = harness.createAdapter().presence === 'lease';

  test.runIf(isLease || can('takeOver'))(
    'a device of a tenant that has all its connections goes to another adapter of a fleet, and no other device does',
    () =>
      withFleet(async ({ a, b }) => {
        await connected(a);
        await a.events(1);
        expect(await harness.connect(b.address, valve)).toBeUndefined();
        await connected(b);
        await settled();
        expect(await harness.connect(b.address, valve)).toBeUndefined();
        expect(await harness.connect(a.address, valve)).toBeUndefined();
      }, full),
  );

  test.runIf(can('takeOver'))('a device of such a tenant takes over its own connection', () =>
    withAdapter(async (adapter) => {
      await connected(adapter);
      await connected(adapter);
      await adapter.events(3);
      expect(await harness.connect(adapter.address, { ...thermostat, remoteId: 'unit-9' })).toBeUndefined();
    }, full),
  );

  describe.runIf(can('takeOver'))('in a fleet', () => {
    test('a device that connects to another adapter is taken over from the first, as from itself', () =>
      withFleet(async ({ a, b }) => {
        await connected(a);
        await a.events(1);
        await connected(b);
        const [first, second] = await a.events(2);
        expectPair(first, second);
        expect(second).toMatchObject({ reason: 'taken-over', initiator: 'device', clean: false });
        await b.events(1);
        // And back.
        await connected(a);
        expect((await b.events(2))[1]).toMatchObject({ reason: 'taken-over' });
        await settled();
        expect([a.sink.events.length, b.sink.events.length]).toEqual([3, 2]);
      }));

    test('a device that is connected elsewhere when the engine comes back is taken over then', () =>
      withFleet(async ({ fleet, a, b }) => {
        const restore = fleet.cutOff(instanceOf(a));
        await connected(a);
        await a.events(1);
        a.clock.advance(1_000);
        await connected(b);
        await b.events(1);
        expect(a.sink.events).toHaveLength(1);
        restore();
        expect((await a.events(2))[1]).toMatchObject({ reason: 'taken-over' });
        expect(b.sink.events).toHaveLength(1);
      }));

    test('an adapter that was declared dead ends its sockets without a word, and lets devices in as another', () =>
      withFleet(async ({ fleet, a }) => {
        const before = instanceOf(a);
        const undertaker = await fleet.createUndertaker({
          clock: a.clock,
          random: { next: () => 0, bytes: (length) => new Uint8Array(length) },
          log: { debug() {}, info() {}, warn() {}, error() {} },
          deadAfterMs: 3_000,
          tell: (_dead, owed) => Promise.resolve(owed.map(({ event }) => event.connectionId)),
        });
        await connected(a);
        await a.events(1);
        const thaw = fleet.freeze(before);
        await a.clock.advanceAsync(4_000);
        thaw();
        await undertaker.stop();
        expect(instanceOf(a)).not.toBe(before);
        await connected(a);
        const [first, second, ...more] = await a.events(2);
        expect(first).toMatchObject({ type: 'connected', adapter: { instance: before } });
        expect(second).toMatchObject({ type: 'connected', adapter: { instance: instanceOf(a) } });
        expect(more).toEqual([]);
      }));
  });
}
