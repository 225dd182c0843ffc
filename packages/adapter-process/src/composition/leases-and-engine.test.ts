import { settled, type RecordingSink } from '@rollcall/conformance';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { instanceOf } from '../testing/fleet-in-test.ts';
import {
  beginFleet,
  clock,
  deadAfterMs,
  endFleet,
  fleet,
  hear,
  idsIn,
  inWords,
  join,
  minute,
  openIn,
  pair,
} from '../testing/leases-bed.ts';

/** While the engine is away, an adapter announces what is open every few seconds. */
const withoutAnnouncements = (sink: RecordingSink): string[] => inWords(sink).filter((word) => word !== '~');

beforeEach(beginFleet);
afterEach(endFleet);

describe('the engine of a fleet with leases', () => {
  test('is waited for no longer than 50 ms', async () => {
    const a = await join('a');
    const release = fleet.holdAnswers(instanceOf(a));
    const told: string[] = [];
    void (await a.request()).committed().then(() => told.push('answered'));
    await clock.advanceAsync(49);
    expect([told, inWords(a.sink)]).toEqual([[], []]);
    await clock.advanceAsync(1);
    await settled();
    expect([told, inWords(a.sink)]).toEqual([['answered'], ['+']]);
    release();
    await settled();
    expect(openIn(a)).toBe(1);
    expect(fleet.engine.slots.size).toBe(1);
  });

  test('is told by a sign of life that a beginning may not be sent, also while it has the lease and has not answered', async () => {
    const a = await join('a');
    const release = fleet.holdAnswers(instanceOf(a));
    await a.request();
    const since = fleet.engine.unconfirmedSince(instanceOf(a));
    expect(inWords(a.sink)).toEqual([]);
    release();
    await settled();
    const [begun] = a.sink.events;
    expect(begun?.type === 'connected' && since !== undefined && begun.epoch >= since).toBe(true);
    expect(fleet.engine.unconfirmedSince(instanceOf(a)), 'it is sent').toBeUndefined();
  });

  test('that answers late that another adapter has the lease: that one goes on, the other is told as taken over', async () => {
    const [a, b] = await pair();
    await hear(a, 1_000);
    const release = fleet.holdAnswers(instanceOf(b));
    await b.request();
    await clock.advanceAsync(50);
    await settled();
    expect(inWords(b.sink)).toEqual(['+']);
    release();
    await settled();
    expect(inWords(b.sink)).toEqual(['+', '-taken-over']);
    // From now on it reports.
    for (let index = 0; index < 4; index++) await hear(b, 20_000);
    expect([inWords(a.sink), openIn(a, b)]).toEqual([['+'], 1]);
  });

  test('is not waited for while it is away: the lease begins and ends on what the adapter knows', async () => {
    const a = await join('a');
    fleet.cutOff(instanceOf(a));
    const lease = await a.request();
    await lease.committed();
    expect(inWords(a.sink)).toEqual(['+']);
    await clock.advanceAsync(minute);
    expect(withoutAnnouncements(a.sink)).toEqual(['+', '-inactive']);
  });

  test('is away at the holder alone, and the device goes to another: online throughout, and nothing is told twice', async () => {
    const [a, b] = await pair();
    await hear(a, 10_000);
    const restore = fleet.cutOff(instanceOf(a));
    for (let index = 0; index < 4; index++) {
      await hear(b, 10_000);
      expect(openIn(a, b)).toBe(1);
    }
    restore();
    await hear(b, 10_000, 6);
    expect([withoutAnnouncements(a.sink), withoutAnnouncements(b.sink)]).toEqual([['+'], []]);
    await clock.advanceAsync(3 * minute);
    expect([withoutAnnouncements(a.sink), withoutAnnouncements(b.sink)]).toEqual([['+'], ['-inactive']]);
    expect([openIn(a, b), idsIn(a, b).size]).toEqual([0, 1]);
  });

  test('is away at the holder for longer than the lease: that ends it on its own view, and the device has a new one at once when it is back', async () => {
    const [a, b] = await pair();
    await hear(a, 10_000);
    const restore = fleet.cutOff(instanceOf(a));
    await hear(b, 10_000, 9);
    expect(withoutAnnouncements(a.sink)).toEqual(['+', '-inactive']);
    restore();
    await clock.advanceAsync(100);
    expect(withoutAnnouncements(b.sink)).toEqual(['+']);
    expect([openIn(a, b), idsIn(a, b).size]).toEqual([1, 2]);
    await clock.advanceAsync(3 * minute);
    expect(withoutAnnouncements(b.sink)).toEqual(['+', '-inactive']);
  });

  test('is away where the device is, and not at its holder: what is heard counts, and is one again afterwards', async () => {
    const [a, b] = await pair();
    await hear(a, 1_000);
    await hear(b, 1_000);
    const restore = fleet.cutOff(instanceOf(b));
    for (let index = 0; index < 12; index++) {
      await hear(b, 10_000);
      expect(openIn(a, b)).toBeGreaterThanOrEqual(1);
    }
    restore();
    await hear(b, 10_000);
    expect(openIn(a, b)).toBe(1);
  });

  test('that lost the news of the last sign elsewhere knows of it when the lease is about to end', async () => {
    const [a, b] = await pair();
    await hear(a, 40_000);
    const cut = fleet.cutOff(instanceOf(a));
    await hear(b, 0);
    cut();
    await clock.advanceAsync(30_000);
    expect(inWords(a.sink)).toEqual(['+']);
    await clock.advanceAsync(minute);
    expect([inWords(a.sink), inWords(b.sink)]).toEqual([['+', '-inactive'], []]);
    // The directory notes when a sign is reported: that may be a second after it came.
    const [connected, ended] = a.sink.events;
    const lastSeen = ended?.type === 'disconnected' ? ended.lastSeen : 0;
    expect((lastSeen ?? 0) - (connected?.at ?? 0)).toBe(39_000);
    // It has a whole interval from then on all the same.
    expect((ended?.at ?? 0) - (connected?.at ?? 0)).toBe(100_000);
    expect(ended?.basis, 'silence of 61 s').toMatchObject({ intervalMs: 60_000, detectWithinMs: 61_000 });
  });

  test('was told meanwhile how a lease ended that is still heard here: a new one begins at once', async () => {
    const [a, b] = await pair();
    await hear(a, 1_000);
    const restore = fleet.cutOff(instanceOf(a));
    await clock.advanceAsync(deadAfterMs * 2);
    // It moved, and the device left there.
    await hear(b, 1_000);
    await b.goodbye();
    await clock.advanceAsync(1_000);
    await hear(a, 1_000);
    restore();
    await clock.advanceAsync(1_000);
    expect(withoutAnnouncements(a.sink)).toEqual(['+', '+']);
    expect(withoutAnnouncements(b.sink)).toEqual(['-client-closed']);
    expect([openIn(a, b), idsIn(a, b).size]).toEqual([1, 2]);
  });

  test('that forgot everything is told again', async () => {
    const [a, b] = await pair();
    await hear(a, 1_000);
    fleet.loseAll();
    for (let index = 0; index < 4; index++) await hear(index % 2 ? a : b);
    expect([inWords(a.sink), inWords(b.sink)]).toEqual([['+'], []]);
  });
});
