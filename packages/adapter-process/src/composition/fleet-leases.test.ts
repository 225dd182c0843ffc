import { ClockOfAnother } from '@rollcall/conformance';
import { createMemoryJournal } from '@rollcall/outbox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileJournals } from '../testing/file-journals.ts';
import { instanceOf } from '../testing/fleet-in-test.ts';
import { startLeases, type LeasesInTest } from '../testing/start-leases.ts';
import {
  beginFleet,
  clock,
  deadAfterMs,
  endFleet,
  fleet,
  hear,
  idOf,
  idsIn,
  inWords,
  join,
  members,
  minute,
  openIn,
  pair,
  stop,
} from '../testing/leases-bed.ts';

/** As `kill -9`. */
function kill(member: LeasesInTest): void {
  fleet.kill(instanceOf(member));
  member.sink.answer = () => ({ status: 'retryable', cause: new Error('dead') });
  members.splice(members.indexOf(member), 1);
}

beforeEach(beginFleet);
afterEach(endFleet);

describe('a lease of a fleet', () => {
  test.each([2, 3])(
    'of a device that goes round %i adapters is one, and ends once, where it is, when the device is silent',
    async (count) => {
      const all = await Promise.all(Array.from({ length: count }, (_, index) => join(`adapter-${index}`)));
      for (let round = 0; round < 6; round++) for (const member of all) await hear(member, 19_000);
      expect(all.map(({ sink }) => inWords(sink))).toEqual([['+'], ...all.slice(1).map(() => [])]);
      await clock.advanceAsync(3 * minute);
      expect(all.map(({ sink }) => inWords(sink))).toEqual([
        ['+', '-inactive'],
        ...all.slice(1).map(() => []),
      ]);
      expect(idsIn(...all).size).toBe(1);
      expect(fleet.engine.slots.size).toBe(0);
      expect([...fleet.engine.entries.values()].every((entries) => entries.size === 0)).toBe(true);
    },
  );

  test('ends an interval after the device was heard, wherever that was', async () => {
    const [a, b] = await pair();
    await hear(a, 40_000);
    await hear(b, 0);
    const heardAt = clock.now();
    await clock.advanceAsync(minute + 2_000);
    expect(inWords(a.sink)).toEqual(['+', '-inactive']);
    const [, ending] = a.sink.events;
    if (ending?.type !== 'disconnected') throw new Error('not ended');
    expect(ending.lastSeen).toBe(heardAt);
    expect(ending.at - heardAt).toBe(minute);
  });

  test('moves under its connection id to where the device is heard, once its holder has heard nothing for an interval', async () => {
    const [a, b] = await pair();
    await hear(a);
    await hear(b, 20_000, 6);
    expect([inWords(a.sink), inWords(b.sink)]).toEqual([['+'], ['~']]);
    expect(b.sink.events[0]).toMatchObject({
      connectionId: idOf(a.sink.events[0]),
      epoch: a.sink.events[0]?.epoch,
      adapter: b.running.identity,
      journal: { state: 'new' },
    });
    await clock.advanceAsync(3 * minute);
    expect([inWords(a.sink), inWords(b.sink)]).toEqual([['+'], ['~', '-inactive']]);
    expect(b.sink.events[1]).toMatchObject({
      connectionId: idOf(a.sink.events[0]),
      connectedAt: a.sink.events[0]?.at,
      adapter: b.running.identity,
    });
  });

  test('takes what was learned of the rhythm along', async () => {
    const [a, b] = await pair();
    await hear(a, 30_000, 8);
    const learned = a.host.leases.rhythms.learned();
    expect(learned).toMatchObject([[expect.any(String), { count: 5, meanMs: 30_000 }]]);
    await hear(b, 30_000, 4);
    expect(inWords(b.sink)).toEqual(['~']);
    expect(b.host.leases.rhythms.learned()).toMatchObject([[learned[0]?.[0], { count: 5, meanMs: 30_000 }]]);
    const [announced] = b.sink.events;
    expect(announced?.basis).toMatchObject({ kind: 'lease', from: 'learned' });
  });

  test('its holder learns from requests to others', async () => {
    const [a, b] = await pair();
    for (let index = 0; index < 8; index++) await hear(index % 2 === 0 ? a : b, 30_000);
    expect(a.host.leases.rhythms.learned()).toMatchObject([
      [expect.any(String), { count: 5, meanMs: 30_000 }],
    ]);
  });

  test('ends with a goodbye to another adapter than its holder, once', async () => {
    const [a, b] = await pair();
    await hear(a);
    await hear(b);
    await b.goodbye();
    const saidAt = clock.now();
    await clock.advanceAsync(3 * minute);
    expect([inWords(a.sink), inWords(b.sink)]).toEqual([['+', '-client-closed'], []]);
    expect(a.sink.events[1]).toMatchObject({ lastSeen: saidAt, clean: true });
    // It comes back.
    await hear(b);
    expect(inWords(b.sink)).toEqual(['+']);
  });

  test('of a dead holder ends by the interval of its latest request, not by that with which it began', async () => {
    const [a, b] = await pair();
    await hear(a, 1_000);
    await (await a.request('thermostat-7@acme', 10_000)).committed();
    await clock.advanceAsync(1_000);
    kill(a);
    const killedAt = clock.now();
    await clock.advanceAsync(3 * minute);
    const ended = b.sink.events.at(-1);
    expect(ended).toMatchObject({ type: 'disconnected', reason: 'adapter-lost' });
    expect(ended?.basis).toMatchObject({ intervalMs: 10_000, from: 'declared' });
    expect((ended?.at ?? 0) - killedAt).toBeLessThan(2 * deadAfterMs);
  });

  test('that moved to an adapter whose clock is behind ends after it began, and not certainly then', async () => {
    const a = await join('a', { clock: new ClockOfAnother(clock, 5 * minute) });
    const b = await join('b');
    await hear(a, 1_000);
    kill(a);
    await clock.advanceAsync(deadAfterMs + 1_000);
    await hear(b, 0);
    await clock.advanceAsync(3 * minute);
    const ended = b.sink.events.at(-1);
    if (ended?.type !== 'disconnected') throw new Error('not ended');
    const heardMs = 2_000 + deadAfterMs;
    expect(ended).toMatchObject({ reason: 'inactive', uncertaintyMs: minute });
    expect([ended.lastSeen - ended.connectedAt, ended.at - ended.connectedAt]).toEqual([
      heardMs,
      heardMs + minute,
    ]);
  });

  test('ends within the interval that is told, where the goodbye may have waited at another adapter', async () => {
    const [a, b] = await pair();
    await hear(a);
    await hear(b, 1_000);
    const heardAt = clock.monotonic();
    await clock.advanceAsync(1_000);
    await hear(a, 2_000);
    const saidAt = clock.now();
    // when
    await b.goodbye('thermostat-7@acme', { heardAt, readAt: clock.monotonic() });
    await clock.advanceAsync(minute);
    // then
    expect([inWords(a.sink), inWords(b.sink)]).toEqual([['+', '-client-closed'], []]);
    expect(a.sink.events[1]).toMatchObject({ at: saidAt, lastSeen: saidAt - 2_000, uncertaintyMs: 2_000 });
  });

  test.each(['its holder', 'another adapter', 'both'] as const)(
    'ends once where access is taken away, as noticed by %s',
    async (by) => {
      const [a, b] = await pair();
      await hear(a);
      await hear(b, 1_000);
      for (const { registry } of by === 'both' ? [a, b] : [by === 'its holder' ? a : b])
        registry.disable('acme', 'thermostat-7');
      await clock.advanceAsync(100);
      const told = [a, b].flatMap(({ sink }) => inWords(sink)).filter((word) => word.startsWith('-'));
      expect(told).toEqual(['-access-revoked']);
      expect([openIn(a, b), idsIn(a, b).size, fleet.engine.slots.size]).toEqual([0, 1, 0]);
    },
  );
});

test.each([
  ['is held by the adapter that asks', 'a'],
  ['is held by another adapter', 'b'],
])(
  'a lease that %s when the fleet says so, after its device was deleted, ends at once',
  async (_what, holder) => {
    const [a, b] = await pair();
    if (holder === 'b') await hear(b, 1_000);
    const answer = fleet.holdAnswers(instanceOf(a));
    await a.request();
    a.registry.disable('acme', 'thermostat-7');
    await clock.advanceAsync(10);
    answer();
    await clock.advanceAsync(100);
    const told = [a, b].flatMap(({ sink }) => inWords(sink)).filter((word) => word !== '~');
    expect(told.toSorted()).toEqual(['+', '-access-revoked']);
    expect([openIn(a, b), idsIn(a, b).size, fleet.engine.slots.size]).toEqual([0, 1, 0]);
  },
);

describe('a holder of leases', () => {
  test('that is killed: a device that is heard elsewhere goes on under its connection id', async () => {
    const [a, b] = await pair();
    await hear(a, 1_000);
    kill(a);
    await hear(b, 15_000, 8);
    expect(inWords(b.sink)).toEqual(['~']);
    expect(idsIn(a, b).size).toBe(1);
    await clock.advanceAsync(3 * minute);
    expect(inWords(b.sink)).toEqual(['~', '-inactive']);
    expect(fleet.engine.slots.size).toBe(0);
  });

  test('that is killed: a device that is heard nowhere is reported as lost once, when its lease has run out', async () => {
    const [a, b, c] = [await join('a'), await join('b'), await join('c')];
    await hear(a, 1_000);
    kill(a);
    await clock.advanceAsync(minute - 2_000);
    expect([inWords(b.sink), inWords(c.sink)]).toEqual([[], []]);
    await clock.advanceAsync(2 * minute);
    const told = [b, c].flatMap(({ sink }) => sink.events);
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    expect(told[0]).toMatchObject({
      type: 'disconnected',
      reason: 'adapter-lost',
      connectionId: idOf(a.sink.events[0]),
    });
  });

  test('to which one moved, and that is killed, is the adapter that its ending names', async () => {
    const [a, b] = await pair();
    await hear(a, 1_000);
    await hear(b, 20_000, 5);
    expect(inWords(b.sink)).toEqual(['~']);
    kill(b);
    await clock.advanceAsync(5 * minute);
    expect(inWords(a.sink)).toEqual(['+', '-adapter-lost']);
    expect(a.sink.events[1]?.adapter).toEqual(b.sink.events[0]?.adapter);
  });

  test('that is started again goes on with what did not move meanwhile, and tells nothing of the rest', async () => {
    const journal = createMemoryJournal();
    const a = await join('a', { journal });
    const b = await join('b');
    await hear(a, 0);
    await (await a.request('valve-1@acme')).committed();
    const connection = idOf(a.sink.events[1]);
    kill(a);
    await clock.advanceAsync(deadAfterMs + 2_000);
    await hear(b, 1_000);
    expect(inWords(b.sink)).toEqual(['~']);
    const again = await join('a', { journal });
    await (await again.request('valve-1@acme')).committed();
    await clock.advanceAsync(1_000);
    await again.goodbye('valve-1@acme');
    await clock.advanceAsync(3 * minute);
    expect(inWords(again.sink)).toEqual(['-client-closed']);
    expect(idOf(again.sink.events[0])).toBe(connection);
    expect(inWords(b.sink)).toEqual(['~', '-inactive']);
  });

  test('that is started again before anybody missed it goes on with all of them', async () => {
    const journal = createMemoryJournal();
    const a = await join('a', { journal });
    const b = await join('b');
    await hear(a, 0);
    kill(a);
    const again = await join('a', { journal });
    await clock.advanceAsync(deadAfterMs * 2);
    await hear(b, 1_000);
    expect([inWords(again.sink), inWords(b.sink)]).toEqual([[], []]);
    await clock.advanceAsync(3 * minute);
    expect([inWords(again.sink), inWords(b.sink)]).toEqual([['-inactive'], []]);
    expect(idOf(again.sink.events[0])).toBe(idOf(a.sink.events[0]));
  });

  test('to which one moved has it in its journal', async () => {
    const journal = createMemoryJournal();
    const a = await join('a');
    const b = await join('b', { journal });
    await hear(a);
    await hear(b, 20_000, 5);
    expect(inWords(b.sink)).toEqual(['~']);
    kill(b);
    const again = await join('b', { journal });
    await hear(again, 0);
    await again.goodbye();
    await clock.advanceAsync(1_000);
    expect([inWords(a.sink), inWords(again.sink)]).toEqual([['+'], ['-client-closed']]);
    expect(idOf(again.sink.events[0])).toBe(idOf(a.sink.events[0]));
  });

  test.each([
    ['before', ['~', '+'], ['a', 'b']],
    ['after', ['~'], ['b']],
  ])(
    'to which one moved publishes its beginning if the holder was killed %s it could',
    async (when, words, by) => {
      const [a, b] = await pair();
      if (when === 'before') a.sink.answer = () => ({ status: 'retryable', cause: new Error('away') });
      await hear(a, 2_000);
      kill(a);
      await clock.advanceAsync(deadAfterMs * 2);
      await hear(b, 1_000);
      expect(inWords(b.sink)).toEqual(words);
      expect(new Set(b.sink.attempts.map(({ event }) => event.id)).size, 'the same event').toBe(1);
      const published = new Set(b.sink.attempts.map(({ event }) => event.adapter.id));
      expect(published).toEqual(new Set(by));
    },
  );

  test('to which one moved with its beginning has it once in its journal, as its own', async () => {
    const journals = fileJournals(clock);
    const a = await join('a');
    const b = await join('b', { journal: journals() });
    a.sink.answer = () => ({ status: 'retryable', cause: new Error('away') });
    await hear(a, 2_000);
    kill(a);
    await clock.advanceAsync(deadAfterMs * 2);
    await hear(b, 1_000);
    expect(inWords(b.sink)).toEqual(['~', '+']);
    kill(b);
    const again = await join('b', { journal: journals() });
    await hear(again, 20_000, 6);
    expect(inWords(again.sink)).toEqual([]);
    await clock.advanceAsync(2 * minute);
    expect(inWords(again.sink)).toEqual(['-inactive']);
    expect(again.sink.events[0]?.adapter.id).toBe('b');
    kill(again);
    const last = await join('b', { journal: journals() });
    await clock.advanceAsync(2 * minute);
    expect(inWords(last.sink)).toEqual([]);
  });

  test('to which one moved announces that also if it is killed before it could, and starts again', async () => {
    const journals = fileJournals(clock);
    const a = await join('a');
    const b = await join('b', { journal: journals() });
    await hear(a, 1_000);
    b.sink.answer = () => ({ status: 'retryable', cause: new Error('away') });
    await hear(b, 20_000, 4);
    kill(b);
    const again = await join('b', { journal: journals() });
    await hear(again, 1_000);
    expect([inWords(a.sink), inWords(again.sink)]).toEqual([['+'], ['~']]);
  });

  test('from which one moved does not have it in its journal any more', async () => {
    const journal = createMemoryJournal();
    const a = await join('a', { journal });
    const b = await join('b');
    await hear(a);
    await hear(b, 20_000, 5);
    kill(a);
    const again = await join('a', { journal });
    await clock.advanceAsync(3 * minute);
    expect([inWords(again.sink), inWords(b.sink)]).toEqual([[], ['~', '-inactive']]);
  });

  test('that was stopped and declared dead continues its remaining leases as another incarnation', async () => {
    const [a, b] = await pair();
    await hear(a, 0);
    await (await a.request('valve-1@acme')).committed();
    const thaw = fleet.freeze(instanceOf(a));
    await clock.advanceAsync(deadAfterMs * 2);
    await hear(b, 1_000);
    thaw();
    await clock.advanceAsync(1_000);
    expect(inWords(a.sink)).toEqual(['+', '+']);
    await (await a.request('valve-1@acme')).committed();
    await a.goodbye('valve-1@acme');
    await clock.advanceAsync(3 * minute);
    expect(inWords(a.sink)).toEqual(['+', '+', '-client-closed']);
    expect(inWords(b.sink)).toEqual(['~', '-inactive']);
    expect(openIn(a, b)).toBe(0);
  });

  test('that stops, and whose leases are to end then, tells so; one that only reports tells nothing', async () => {
    const [a, b] = [
      await join('a', { endLeasesAtShutdown: true }),
      await join('b', { endLeasesAtShutdown: true }),
    ];
    await hear(a, 1_000);
    await hear(b, 1_000);
    members.length = 0;
    await stop(b);
    await stop(a);
    expect([inWords(a.sink), inWords(b.sink)]).toEqual([['+', '-adapter-shutdown'], []]);
  });
});

test('an adapter that is alone asks nobody, and publishes before it returns', async () => {
  const alone = await startLeases({ clock });
  members.push(alone);
  expect(alone.host.leases.areShared).toBe(false);
  await alone.request();
  expect(alone.sink.attempts.length + alone.sink.events.length).toBeGreaterThan(0);
});
