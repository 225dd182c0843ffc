import { deviceRef } from '@rollcall/core';
import type { HonoConnectionEvent, ReceivedConnected } from '@rollcall/hono-wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  announced,
  announcedEvery,
  begun,
  connected,
  device,
  disconnected,
  epochAt,
  givenATable,
  hour,
} from './testing/told-events.ts';

function said(cause: HonoConnectionEvent['cause'], name = 'thermostat-7'): HonoConnectionEvent {
  return { type: 'hono', cause, device: deviceRef('acme', name), remoteId: 'unit-1', source: 'hono-mqtt' };
}

describe('an adapter', () => {
  test('that falls silent after announcements makes its connections unknown until it is heard again', () => {
    const { clock, table, apply } = givenATable();
    const first = connected({ c: 'a', at: 0 });
    apply(first, announced(first));
    clock.advance(3 * hour);
    expect(table.get(device).status).toBe('online');
    clock.advance(1);
    expect(table.get(device)).toMatchObject({ status: 'unknown', connections: [{ connectionId: 'a' }] });
    apply(connected({ c: 'b', at: 1, device: 'valve-1' }));
    expect(table.get(device).status).toBe('online');
  });

  test.each(['adapter-lost', 'taken-over', 'buried'])(
    'stays silent when others tell an ending for it: %s',
    (reason) => {
      const { clock, table, apply } = givenATable();
      const [first, other] = [connected({ c: 'a', at: 0 }), connected({ c: 'b', at: 0, device: 'valve-1' })];
      apply(first, other, announced(first), announced(other));
      clock.advance(3 * hour + 1);
      apply(disconnected(other, 10, { reason }));
      expect(table.get(device).status).toBe('unknown');
      // With an `ended-epoch`, it is of the adapter itself.
      apply({
        ...disconnected(other, 11, { id: 'own' }),
        reason,
        endedEpoch: epochAt(begun + 3 * hour),
      });
      expect(table.get(device).status).toBe('online');
    },
  );

  test('counts as silent after the interval in its announcements', () => {
    const { clock, table, apply } = givenATable();
    const first = connected({ c: 'a', at: 0 });
    apply(first, announcedEvery(first, 60_000));
    clock.advance(180_000);
    expect(table.get(device).status).toBe('online');
    clock.advance(1);
    expect(table.get(device).status).toBe('unknown');
  });

  test('that never announced anything does not count as silent', () => {
    const { clock, table, apply } = givenATable();
    apply(connected({ c: 'a', at: 0 }));
    clock.advance(100 * hour);
    expect(table.get(device).status).toBe('online');
  });
});

describe('a connection that its adapter does not announce any more', () => {
  const [lost, other] = [connected({ c: 'a', at: 0 }), connected({ c: 'b', at: 0, device: 'valve-1' })];

  test('is unknown after three announcements that it missed, while its adapter is heard', () => {
    const { clock, table, apply } = givenATable();
    apply(lost, other, announcedEvery(lost, hour), announcedEvery(other, hour));
    for (const _announcement of [1, 2, 3]) {
      clock.advance(hour);
      apply(announcedEvery(other, hour));
      expect(table.get(device).status).toBe('online');
    }
    clock.advance(1);
    apply(announcedEvery(other, hour));
    expect(table.get(device).status).toBe('unknown');
    expect(table.get(other.device).status).toBe('online');
    apply(announcedEvery(lost, hour));
    expect(table.get(device).status).toBe('online');
  });

  test('is unknown too when it was never announced', () => {
    const { clock, table, apply } = givenATable();
    apply(lost);
    for (let passedMs = 0; passedMs <= 4 * hour; passedMs += hour) {
      apply(announcedEvery(other, hour));
      clock.advance(hour);
    }
    expect(table.get(device).status).toBe('unknown');
  });

  test('stays known to a consumer that was away and finds five hours of announcements in its queue', () => {
    const { clock, table, apply } = givenATable();
    apply(lost, other, announcedEvery(lost, hour), announcedEvery(other, hour));
    clock.advance(5 * hour);
    for (let missed = 0; missed < 5; missed++) {
      apply(announcedEvery(other, hour));
      expect(table.get(device).status).toBe('online');
      apply(announcedEvery(lost, hour));
    }
  });

  test('has the fields of its last announcement', () => {
    const { table, apply } = givenATable();
    const lease = (intervalMs: number): ReceivedConnected => ({
      ...lost,
      basis: { kind: 'lease', intervalMs, from: 'learned' },
    });
    apply(lease(600_000), announced(lease(30_000)), lease(600_000));
    expect(table.get(device)).toMatchObject({ connections: [{ basis: { intervalMs: 30_000 } }] });
    apply({ ...announced(lease(30_000)), adapter: { type: 'hono-mqtt', id: 'mqtt-1', instance: 'i' } });
    expect(table.get(device)).toMatchObject({ connections: [{ adapter: { id: 'mqtt-1' } }] });
  });
});

describe('a lease that moved to another adapter', () => {
  const lease = connected({ c: 'a', at: 0, adapter: 'http-0' });
  const moved = announcedEvery(connected({ c: 'a', at: 0, adapter: 'http-1' }), hour);
  const ofNew = announcedEvery(connected({ c: 'b', at: 0, adapter: 'http-1', device: 'valve-1' }), hour);
  const ofOld = announcedEvery(connected({ c: 'c', at: 0, adapter: 'http-0', device: 'valve-2' }), hour);

  function heardFor(hours: number, news: ReceivedConnected) {
    const given = givenATable();
    for (let left = hours; left > 0; left -= 1) {
      given.apply(news);
      given.clock.advance(hour);
    }
    given.apply(news);
    return given;
  }

  test.each([
    { order: 'before its beginning comes', events: [moved, lease] },
    { order: 'after it', events: [lease, moved] },
    { order: 'before it comes again', events: [lease, moved, lease] },
  ])('$order is known, however long the new one announces already', ({ events }) => {
    const { table, apply } = heardFor(72, ofNew);
    apply(...events);
    expect(table.get(device)).toMatchObject({
      status: 'online',
      connections: [{ adapter: { id: 'http-1' } }],
    });
  });

  test('is unknown once the new one does not announce it any more, although its beginning comes again', () => {
    const { clock, table, apply } = heardFor(72, ofOld);
    apply(lease, moved);
    for (let missed = 0; missed < 4; missed += 1) {
      expect(table.get(device).status).toBe('online');
      clock.advance(hour);
      apply(ofOld, ofNew, lease);
    }
    expect(table.get(device).status).toBe('unknown');
  });
});

describe('an adapter that lost its journal', () => {
  const old = connected({ c: 'a', at: 0, instance: 'first' });
  const next = { ...connected({ c: 'b', at: 60, device: 'valve-1', instance: 'second' }) };

  test('makes the open connections of its other instances unknown', () => {
    const { table, apply } = givenATable();
    apply(old, { ...next, journal: { state: 'new' } });
    expect(table.get(device)).toMatchObject({ status: 'unknown', connections: [{ connectionId: 'a' }] });
    expect(table.get(next.device).status).toBe('online');
    apply(disconnected(old, 30, { reason: 'buried' }));
    expect(table.get(device).status).toBe('offline');
  });

  test('has the same effect in every order of the events', () => {
    const { table, apply } = givenATable();
    apply(announced({ ...next, journal: { state: 'new' } }), old);
    expect(table.get(device).status).toBe('unknown');
  });

  test('does not affect its own connections, those of others, and those that others announced since', () => {
    const { table, apply } = givenATable();
    const own = connected({ c: 'c', at: 50, device: 'own', instance: 'second' });
    const elsewhere = connected({ c: 'd', at: 0, device: 'elsewhere', adapter: 'mqtt-1' });
    const moved = connected({ c: 'e', at: 0, device: 'moved', instance: 'first' });
    apply(own, elsewhere, moved, { ...next, journal: { state: 'new' } });
    expect(table.get(own.device).status).toBe('online');
    expect(table.get(elsewhere.device).status).toBe('online');
    expect(table.get(moved.device).status).toBe('unknown');
    apply(announced({ ...moved, adapter: elsewhere.adapter }));
    expect(table.get(moved.device).status).toBe('online');
  });

  test('does not affect a lease that it goes on with, once it announces it', () => {
    const { table, apply } = givenATable();
    const lease = connected({ c: 'f', at: 0, device: 'lease', instance: 'first' });
    apply(lease, { ...next, journal: { state: 'new' } });
    expect(table.get(lease.device).status).toBe('unknown');
    apply(announced({ ...lease, adapter: next.adapter, journal: { state: 'new' } }));
    expect(table.get(lease.device).status).toBe('online');
  });

  test.each(['second', 'first'])(
    'does not affect a connection that is announced after it, also if a later incarnation announces it next (new: %s)',
    (newInstance) => {
      const { table, apply } = givenATable();
      const lost = connected({ c: 'g', at: 0, device: 'lost', instance: 'zeroth' });
      const of = (instance: string) => ({ ...next.adapter, instance });
      const journal = { state: 'new' } as const;
      const opened = { ...next, adapter: of(newInstance), journal };
      const kept = { adapter: of('third'), journal: { state: 'kept', follows: newInstance } } as const;
      apply(lost, old, opened, announced({ ...old, adapter: of(newInstance), journal }), announced(opened));
      apply(announced({ ...old, ...kept }));
      expect([table.get(device).status, table.get(next.device).status]).toEqual(['online', 'online']);
      apply(announced({ ...next, ...kept }));
      expect([table.get(device).status, table.get(next.device).status]).toEqual(['online', 'online']);
      expect(table.get(lost.device).status).toBe('unknown');
      // Another loss of the journal: now it counts.
      apply({
        ...connected({ c: 'h', at: 90, device: 'valve-2', instance: 'fourth' }),
        journal: { state: 'new' },
      });
      expect([table.get(device).status, table.get(next.device).status]).toEqual(['unknown', 'unknown']);
    },
  );

  test('differs from one that kept its journal', () => {
    const { table, apply } = givenATable();
    apply(old, { ...next, journal: { state: 'kept', follows: 'first' } });
    expect(table.get(device).status).toBe('online');
  });
});

describe('an adapter whose events have no connection-id', () => {
  test('leaves a device unknown, with the last event', () => {
    const { table, apply } = givenATable();
    expect(apply(said('connected'))).toEqual([undefined]);
    expect(table.get(device)).toMatchObject({ status: 'unknown', said: { cause: 'connected' } });
    apply(said('disconnected'));
    expect(table.get(device)).toMatchObject({ status: 'unknown', said: { cause: 'disconnected' } });
  });

  test('does not change a connection that is known to be open', () => {
    const { table, apply } = givenATable();
    apply(connected({ c: 'a', at: 0 }), said('disconnected'));
    expect(table.get(device).status).toBe('online');
  });

  test('makes a device that left elsewhere unknown while it may be connected there', () => {
    const { table, apply } = givenATable();
    const first = connected({ c: 'a', at: 0 });
    apply(first, said('connected'), disconnected(first, 10));
    expect(table.get(device)).toMatchObject({ status: 'unknown', said: { cause: 'connected' } });
    apply(said('disconnected'));
    expect(table.get(device)).toMatchObject({ status: 'offline', since: begun + 10_000 });
  });
});

describe('endings of an adapter whose clock was set back', () => {
  test('are ordered by their epochs, not by their times', () => {
    const { table, apply } = givenATable();
    const [one, other] = [connected({ c: 'a', at: 0 }), connected({ c: 'b', at: 1 })];
    const before = { ...disconnected(one, 3_600), endedEpoch: epochAt(begun + 3_600_000) };
    const after = { ...disconnected(other, 60), endedEpoch: epochAt(begun + 3_700_000) };
    apply(after, before);
    expect(table.get(device)).toMatchObject({ since: begun + 61_000, ending: { connectionId: 'b' } });
  });

  test('give the same since in every order, with endings of version 1.0 and of other adapters among them', () => {
    const ending = fc.record({
      adapter: fc.constantFrom('mqtt-0', 'mqtt-1'),
      at: fc.integer({ min: 0, max: 50 }),
      endedAt: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
    });
    const histories = fc
      .array(ending, { minLength: 1, maxLength: 8 })
      .chain((endings) =>
        fc.tuple(
          fc.constant(endings),
          fc.shuffledSubarray([...endings.keys()], { minLength: endings.length }),
        ),
      );
    fc.assert(
      fc.property(histories, ([endings, order]) => {
        const events = endings.map(({ adapter, at, endedAt }, index) => {
          const ended = disconnected(connected({ c: `c${index}`, at, adapter }), 0, { id: `e${index}` });
          return endedAt === undefined ? ended : Object.assign(ended, { endedEpoch: epochAt(endedAt) });
        });
        const { table, apply } = givenATable();
        apply(...order.flatMap((index) => events[index] ?? []));
        const greatest = (of: readonly number[]): readonly number[] =>
          of.length > 0 ? [Math.max(...of)] : [];
        const sinces = ['mqtt-0', 'mqtt-1'].flatMap((adapter) => {
          const own = events.filter((event) => event.adapter.id === adapter);
          const lastEpoch = own
            .flatMap(({ endedEpoch }) => endedEpoch ?? [])
            .toSorted()
            .at(-1);
          const last = own.filter(({ endedEpoch }) => endedEpoch !== undefined && endedEpoch === lastEpoch);
          const old = own.filter(({ endedEpoch }) => endedEpoch === undefined);
          return greatest(last.map(({ at }) => at)).concat(greatest(old.map(({ at }) => at)));
        });
        expect(table.get(device)).toMatchObject({ since: Math.max(...sinces) });
      }),
      { seed: 20_261_128, numRuns: 500 },
    );
  });
});
