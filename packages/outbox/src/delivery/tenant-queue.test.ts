import { seededRandom } from '@rollcall/conformance';
import type { ConnectionId } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { TenantQueue, type Arrival } from './tenant-queue.ts';
import { WaitingEvents, type Entry } from './waiting-events.ts';

function givenAQueue() {
  const waiting = new WaitingEvents();
  return { waiting, queue: new TenantQueue(waiting) };
}

function arrival(place: number, device: number, half?: Arrival['half']): Arrival {
  return { place, device, at: place, bytes: 10, ...(half && { half }) };
}

const begins = (of: string) => ({ connectionId: of as ConnectionId, type: 'connected' as const });
const ends = (of: string) => ({ connectionId: of as ConnectionId, type: 'disconnected' as const });

describe('a pair', () => {
  test('is left out while both halves wait untried, whatever else its device has', () => {
    const { queue } = givenAQueue();
    queue.add(arrival(1, 7, begins('a')));
    queue.add(arrival(2, 7, begins('b')));
    queue.add(arrival(3, 7, ends('a')));
    expect(queue.pairs).toBe(1);
    expect(queue.leaveOut('oldest')).toEqual({ device: 7, places: [1, 3], bytes: 20, pairs: 1 });
    expect([queue.events, queue.bytes, queue.pairs, queue.oldestAt()]).toEqual([1, 10, 0, 2]);
    expect(queue.leaveOut('oldest')).toBeUndefined();
  });

  test('does not count if its beginning was taken', () => {
    const { queue } = givenAQueue();
    queue.add(arrival(1, 7, begins('a')));
    const taken = queue.takeReady() as Entry;
    queue.add(arrival(2, 7, ends('a')));
    expect(queue.pairs).toBe(0);
    queue.done(taken);
    queue.add(arrival(3, 7, begins('b')));
    queue.add(arrival(4, 7, ends('b')));
    expect(queue.pairs).toBe(1);
    queue.done(queue.takeReady() as Entry);
    queue.takeReady();
    expect(queue.pairs).toBe(0);
  });

  test('does not count if its beginning is gone, though another event now has its row', () => {
    const { queue } = givenAQueue();
    queue.add(arrival(1, 7, begins('a')));
    queue.done(queue.takeReady() as Entry);
    queue.add(arrival(2, 8, begins('b')));
    queue.add(arrival(3, 7, ends('a')));
    expect(queue.pairs).toBe(0);
  });

  test('is left out from either end', () => {
    const { queue } = givenAQueue();
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      queue.add(arrival(2 * index + 1, index, begins(name)));
      queue.add(arrival(2 * index + 2, index, ends(name)));
    }
    expect(queue.leaveOut('newest')?.places).toEqual([5, 6]);
    expect(queue.pairAt('oldest')).toEqual([1, 2]);
    expect(queue.leaveOut('oldest')?.places).toEqual([1, 2]);
  });
});

test('a connection whose beginning was taken is not known any more, though its end never comes', () => {
  const { queue } = givenAQueue();
  for (let place = 1; place <= 1_000; place++) queue.add(arrival(place, place % 10, begins(`c${place}`)));
  expect(queue.begun).toBe(1_000);
  for (let entry = queue.takeReady(); entry !== undefined; entry = queue.takeReady()) queue.done(entry);
  expect([queue.idle, queue.begun]).toEqual([true, 0]);
});

test('a connection that begins twice is known once, until its later beginning is taken', () => {
  const { queue } = givenAQueue();
  for (const [place, device] of [
    [1, 7],
    [2, 8],
  ] as const)
    queue.add(arrival(place, device, begins('a')));
  queue.takeReady();
  expect(queue.begun).toBe(1);
  queue.add(arrival(3, 8, ends('a')));
  expect([queue.begun, queue.pairAt('oldest')]).toEqual([0, [2, 3]]);
});

test('memory is given back when no event waits, and is a few dozen bytes for each that does', () => {
  const { waiting, queue } = givenAQueue();
  for (let place = 1; place <= 131_072; place++) queue.add(arrival(place, place % 100));
  expect(waiting.memoryBytes / 131_072).toBe(69);
  for (let entry = queue.takeReady(); entry !== undefined; entry = queue.takeReady()) queue.done(entry);
  expect([waiting.count, queue.events, queue.bytes, queue.idle]).toEqual([0, 0, 0, true]);
  expect(waiting.memoryBytes).toBe(0);
});

/** A model of the queue, with lists of objects. */
interface Modelled {
  readonly place: number;
  readonly device: number;
  readonly half: NonNullable<Arrival['half']> | undefined;
  tried: boolean;
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'whatever comes, is sent, fails or is left out: each device in order, one at a time, and whole pairs only (seed %i)',
  (seed) => {
    const random = seededRandom(seed);
    const { waiting, queue } = givenAQueue();
    let model: Modelled[] = [];
    const taken = new Map<Entry, Modelled>();
    const open: { readonly name: string; readonly device: number }[] = [];
    let nextPlace = 1;

    function add(device: number, half?: Modelled['half']): void {
      const place = nextPlace++;
      queue.add(arrival(place, device, half));
      model.push({ place, device, half, tried: false });
    }
    const pairsOf = (): (readonly [Modelled, Modelled])[] => {
      const untried = model.filter(({ tried }) => !tried);
      const starts = new Map(
        untried.flatMap((each) =>
          each.half?.type === 'connected' ? [[each.half.connectionId, each] as const] : [],
        ),
      );
      return untried.flatMap((end) => {
        const start = end.half?.type === 'disconnected' ? starts.get(end.half.connectionId) : undefined;
        return start ? [[start, end] as const] : [];
      });
    };

    for (let step = 0; step < 1_500; step++) {
      const dice = random.pick(12);
      if (dice < 3) {
        const device = random.pick(6);
        open.push({ name: `c${step}`, device });
        add(device, begins(`c${step}`));
      } else if (dice < 6 && open.length > 0) {
        const [ended] = open.splice(random.pick(open.length), 1);
        if (ended) add(ended.device, ends(ended.name));
      } else if (dice === 6) {
        add(random.pick(6));
      } else if (dice < 9) {
        const entry = queue.takeReady();
        if (entry === undefined) continue;
        const first = model.find(({ place }) => place === waiting.place(entry));
        if (!first) throw new Error(`${waiting.place(entry)} does not wait`);
        expect(model.find(({ device }) => device === first.device)).toBe(first);
        expect([...taken.values()].map(({ device }) => device)).not.toContain(first.device);
        first.tried = true;
        taken.set(entry, first);
      } else if (dice < 11) {
        const [entry, done] = [...taken][random.pick(taken.size)] ?? [];
        if (entry === undefined || !done) continue;
        taken.delete(entry);
        if (random.pick(3) === 0) {
          queue.again(entry);
        } else {
          queue.done(entry);
          model = model.filter((each) => each !== done);
        }
      } else {
        const end = random.pick(2) === 0 ? 'oldest' : 'newest';
        const pair = pairsOf().at(end === 'oldest' ? 0 : -1);
        expect(queue.leaveOut(end)?.places).toEqual(pair?.map(({ place }) => place));
        model = model.filter((each) => !pair?.includes(each));
      }
      const pairs = pairsOf().length;
      const beginnings = model.filter(({ half, tried }) => half?.type === 'connected' && !tried).length;
      expect([queue.events, queue.pairs, queue.begun, waiting.count, queue.oldestAt()]).toEqual([
        model.length,
        pairs,
        beginnings - pairs,
        model.length,
        model[0]?.place,
      ]);
    }
    expect(nextPlace).toBeGreaterThan(500);
  },
);
