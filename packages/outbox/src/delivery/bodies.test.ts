import { anOutboundEvent, settled } from '@rollcall/conformance';
import type { OutboundEvent } from '@rollcall/core/sink';
import { expect, test } from 'vitest';
import type { Place } from '../journal/journal.ts';
import { Bodies } from './bodies.ts';
import { createHoldingJournal, type HoldingJournal } from '../testing/holding-journal.ts';

/** Room for about twenty events. */
const maxBytes = 20 * 2_200;

function givenBodies(): {
  journal: HoldingJournal;
  bodies: Bodies;
  keep: (id: string, users?: number) => Place;
} {
  const journal = createHoldingJournal();
  const bodies = new Bodies(journal, maxBytes);
  return {
    journal,
    bodies,
    keep(id, users = 1) {
      const outbound = anOutboundEvent(id);
      const { place } = journal.append(outbound, ['events']);
      bodies.keep(place, outbound, users, undefined);
      return place;
    },
  };
}

const idOf = (outbound: OutboundEvent | undefined) => outbound?.event.id;

test('few events stay in memory until every sink is done with them, and are never read back', () => {
  const { journal, bodies, keep } = givenBodies();
  const place = keep('e1', 2);
  bodies.done(place);
  expect(idOf(bodies.get(place)?.outbound)).toBe('e1');
  bodies.done(place);
  expect(bodies.get(place)).toBeUndefined();
  expect([bodies.memoryBytes, journal.reads.length]).toEqual([0, 0]);
});

test('many events that the journal holds take half of the room, and the oldest stay in memory', async () => {
  const { bodies, keep } = givenBodies();
  const places = Array.from({ length: 1_000 }, (_, index) => keep(`e${index}`));
  expect(bodies.memoryBytes).toBeLessThanOrEqual(maxBytes * 0.7);
  expect(bodies.overBound).toBe(false);
  expect(idOf(bodies.get(places[0] ?? 0)?.outbound)).toBe('e0');
  expect(bodies.get(places[500] ?? 0)).toBeUndefined();
  expect(idOf(await bodies.fetch(places[500] ?? 0, []))).toBe('e500');
});

test('events that the journal does not hold stay, and may exceed the bound; once it holds them, they leave memory', async () => {
  const { journal, bodies, keep } = givenBodies();
  journal.holding = false;
  const places = Array.from({ length: 30 }, (_, index) => keep(`e${index}`));
  expect(bodies.overBound).toBe(true);
  expect(places.every((place) => bodies.isPinned(place))).toBe(true);
  journal.holding = true;
  bodies.keep(1_000, anOutboundEvent('next'), 1, Promise.resolve());
  await settled();
  expect(bodies.overBound).toBe(false);
});

test('events that are asked for in one turn are read together, in batches, with those that come next', async () => {
  const { journal, bodies, keep } = givenBodies();
  const places = Array.from({ length: 300 }, (_, index) => keep(`e${index}`));
  const asked = places.slice(100, 104);
  const read = await Promise.all(asked.map((place) => bodies.fetch(place, [place + 50])));
  expect(read.map(idOf)).toEqual(['e100', 'e101', 'e102', 'e103']);
  expect(journal.reads.length).toBe(1);
  expect(journal.reads[0]?.slice(0, 4)).toEqual(asked);
});

test('events that were read and are being sent take half of the room; the rest waits, and then comes in order', async () => {
  const { journal, bodies } = givenBodies();
  const places = Array.from(
    { length: 1_000 },
    (_, index) => journal.append(anOutboundEvent(`e${index}`), []).place,
  );
  const arrived: Place[] = [];
  for (const place of places) void bodies.fetch(place, []).then(() => arrived.push(place));
  await settled();
  // One read, whatever its size, may exceed the bound.
  expect(arrived.length).toBe(200);
  let most = 0;
  while (arrived.length < 1_000 || bodies.memoryBytes > 0) {
    most = Math.max(most, bodies.memoryBytes);
    for (const place of places) bodies.done(place);
    await settled();
  }
  expect(arrived).toEqual(places);
  expect(most).toBeLessThan(500_000);
});

test('fetching rejects while the journal cannot be read, and works once it can', async () => {
  const { journal, bodies } = givenBodies();
  const { place } = journal.append(anOutboundEvent('e1'), []);
  journal.unreadable = true;
  await expect(bodies.fetch(place, [])).rejects.toThrow('disk I/O error');
  journal.unreadable = false;
  expect(idOf(await bodies.fetch(place, []))).toBe('e1');
  journal.lose(place + 1);
  expect(await bodies.fetch(place + 1, [])).toBeUndefined();
});

test('an event that was sent without success is kept if there is room, otherwise read once more', async () => {
  const { journal, bodies, keep } = givenBodies();
  const { place } = journal.append(anOutboundEvent('first'), []);
  await bodies.fetch(place, []);
  bodies.putBack(place);
  expect(bodies.get(place)).toBeDefined();
  bodies.done(place);
  for (let index = 0; index < 12; index++) keep(`e${index}`);
  await bodies.fetch(place, []);
  journal.holding = false;
  for (let index = 0; index < 12; index++) keep(`pinned${index}`);
  bodies.putBack(place);
  expect(bodies.get(place)).toBeUndefined();
});

test('an event that cannot be read does not delay those that can', async () => {
  const { journal, bodies } = givenBodies();
  const [first, broken, last] = ['e1', 'e2', 'e3'].map((id) => journal.append(anOutboundEvent(id), []).place);
  const { read } = journal;
  journal.read = async (places) => {
    if (places.includes(broken ?? 0)) throw new Error('database disk image is malformed');
    return read(places);
  };
  const results = await Promise.allSettled(
    [first, broken, last].map((place) => bodies.fetch(place ?? 0, [])),
  );
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(idOf(await bodies.fetch(last ?? 0, []))).toBe('e3');
});
