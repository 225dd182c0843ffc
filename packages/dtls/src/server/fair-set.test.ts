import { seededRandom } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { createFairSet } from './fair-set.ts';

interface Member {
  readonly name: string;
  readonly groups: readonly [string, string];
}

describe('who gives way', () => {
  test('the oldest of the smaller group that holds most gives way, within the wider group that holds most', () => {
    const set = createFairSet<string>(2);
    set.add('alone', ['b', 'b1']);
    set.add('quiet', ['a', 'a1']);
    set.add('older', ['a', 'a2']);
    set.add('newer', ['a', 'a2']);
    expect(set.leastFair()).toBe('older');
    set.touch('older');
    expect(set.leastFair()).toBe('newer');
    expect(set.leastFair(['b'])).toBe('alone');
    expect(set.leastFair(['a', 'a1'])).toBe('quiet');
    expect(set.leastFair(['c'])).toBeUndefined();
    expect([...set.of(['a', 'a2'])]).toEqual(['newer', 'older']);
  });

  test('of groups that hold equally many, the one that was untouched longest loses its oldest', () => {
    const set = createFairSet<string>(1);
    for (const each of ['a', 'b', 'c']) set.add(each, [each]);
    expect(set.leastFair()).toBe('a');
    set.touch('a');
    expect(set.leastFair()).toBe('b');
    set.delete('b');
    expect(set.leastFair()).toBe('c');
  });

  test.each([1, 2, 3])('the choice agrees with counting, after any sequence of calls (seed %d)', (seed) => {
    // given
    const random = seededRandom(seed);
    const set = createFairSet<Member>(2);
    const members: Member[] = [];
    const held = (wide: string, near?: string): number =>
      members.filter(({ groups }) => groups[0] === wide && (near === undefined || groups[1] === near)).length;
    for (let step = 0; step < 400; step++) {
      // when
      const wide = `w${random.pick(4)}`;
      const what = random.pick(step % 100 < 60 ? 3 : 8);
      if (what < 2) {
        const member: Member = { name: String(step), groups: [wide, `${wide}n${random.pick(4)}`] };
        members.push(member);
        set.add(member, member.groups);
      } else {
        const [member] = members.splice(random.pick(members.length + 1), 1);
        if (member && what === 2) {
          members.push(member);
          set.touch(member);
        } else if (member) set.delete(member);
      }
      // then
      expect(set.size).toBe(members.length);
      const least = set.leastFair();
      if (!least) continue;
      const mostWide = Math.max(...members.map(({ groups }) => held(groups[0])));
      expect(held(least.groups[0])).toBe(mostWide);
      const within = members.filter(({ groups }) => groups[0] === least.groups[0]);
      const mostNear = Math.max(...within.map(({ groups }) => held(...groups)));
      expect(held(...least.groups)).toBe(mostNear);
      expect(set.count(least.groups)).toBe(mostNear);
      expect(within.find(({ groups }) => groups[1] === least.groups[1])).toBe(least);
    }
    for (const member of members) set.delete(member);
    expect([set.size, set.leastFair()]).toEqual([0, undefined]);
  });
});
