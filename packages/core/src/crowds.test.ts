import { expect, test } from 'vitest';
import { createCrowds, type Member, type Standing } from './crowds.ts';

const standings: readonly Standing[] = ['silent', 'idle', 'busy'];

interface Sensor extends Member {
  readonly block: string;
}

/** Picks at random, in the same way for the same seed (the generator of Park and Miller). */
function pickerOf(seed: number) {
  let state = seed;
  return <T>(all: readonly T[]): T => {
    state = (state * 48_271) % 2_147_483_647;
    const picked = all[state % all.length];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  };
}

/** Those of a standing, by block, counted again. */
function counted(sensors: Iterable<Sensor>, standing: Standing): ReadonlyMap<string, readonly Sensor[]> {
  const ofBlock = Map.groupBy(sensors, ({ block }) => block);
  return new Map(
    [...ofBlock].map(([block, all]) => [block, all.filter((each) => each.standing === standing)]),
  );
}

test.each([1, 2, 3, 4, 5])(
  'however members come, change and go, the crowds are what a count says (seed %i)',
  (seed) => {
    const pick = pickerOf(seed);
    const crowds = createCrowds<Sensor>();
    // In the order in which they came to their standing.
    const sensors = new Set<Sensor>();
    for (let step = 0; step < 400; step++) {
      const one = sensors.size > 0 ? pick([...sensors]) : undefined;
      const what = pick(['come', 'change', 'change', 'go'] as const);
      if (what === 'come' || !one) {
        const sensor: Sensor = { block: pick(['a', 'b', 'c', 'd']), standing: pick(standings) };
        crowds.add(sensor.block, sensor);
        sensors.add(sensor);
      } else if (what === 'go') {
        crowds.remove(one.block, one);
        sensors.delete(one);
      } else {
        const to = pick(standings.filter((standing) => standing !== one.standing));
        crowds.move(one.block, one, to);
        one.standing = to;
        sensors.delete(one);
        sensors.add(one);
      }
      for (const standing of standings) {
        const expected = counted(sensors, standing);
        const most = Math.max(0, ...[...expected.values()].map(({ length }) => length));
        expect(crowds.fullest(standing)?.members[standing].size ?? 0).toBe(most);
        for (const block of ['a', 'b', 'c', 'd']) {
          const members = crowds.get(block)?.members[standing];
          const there = expected.get(block) ?? [];
          expect([members?.size ?? 0, members?.oldest(), members?.newest()]).toEqual([
            there.length,
            there[0],
            there.at(-1),
          ]);
        }
      }
    }
    expect(crowds.get('a')?.size ?? 0).toBe([...sensors].filter(({ block }) => block === 'a').length);
  },
);

test('a crowd that changes its standing stays the same crowd', () => {
  const crowds = createCrowds<Sensor>();
  const sensor: Sensor = { block: 'a', standing: 'idle' };
  crowds.add('a', sensor);
  const crowd = crowds.get('a');
  crowds.move('a', sensor, 'busy');
  expect(crowds.get('a')).toBe(crowd);
});
