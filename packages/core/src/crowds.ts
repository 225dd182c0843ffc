import { createOrderedSet, type OrderedSet } from './ordered-set.ts';

/** How much a holder of a place is worth: `silent` has proved nothing, `idle` is known and does nothing, `busy` waits for us. */
export type Standing = 'silent' | 'idle' | 'busy';

export interface Member {
  standing: Standing;
}

/** Members that have an address block in common, by standing, in the order they came to it. */
export interface Crowd<Each extends Member> {
  readonly block: string;
  readonly members: Readonly<Record<Standing, OrderedSet<Each>>>;
  /** Of every standing. */
  size: number;
}

/** Who is there, by block; which block holds most of a standing is known without looking at all of them. */
export interface Crowds<Each extends Member> {
  get(block: string): Crowd<Each> | undefined;
  add(block: string, member: Each): void;
  remove(block: string, member: Each): void;
  /** Gives a member another standing: there it is the newest. */
  move(block: string, member: Each, to: Standing): void;
  /** The block with most members of this standing; `undefined` where there are none. */
  fullest(standing: Standing): Crowd<Each> | undefined;
}

export function createCrowds<Each extends Member>(): Crowds<Each> {
  const byBlock = new Map<string, Crowd<Each>>();
  /** The crowds that have so many of a standing; the last is that of the fullest. */
  const bySize: Readonly<Record<Standing, (Set<Crowd<Each>> | undefined)[]>> = {
    silent: [],
    idle: [],
    busy: [],
  };

  /** Moves a crowd that had `before` members of this standing to where it belongs now. */
  function rank(crowd: Crowd<Each>, standing: Standing, before: number): void {
    const sizes = bySize[standing];
    const { size } = crowd.members[standing];
    const left = sizes[before];
    if (left?.size === 1 && size > 0 && !sizes[size]) {
      // Alone with its size: its set goes along, and none is made for each connection that comes and goes.
      sizes[size] = left;
      sizes[before] = undefined;
    } else {
      left?.delete(crowd);
      if (size > 0) {
        sizes[0] ??= new Set();
        (sizes[size] ??= new Set()).add(crowd);
      }
    }
    while (sizes.length > 0 && (sizes.at(-1)?.size ?? 0) === 0) sizes.pop();
  }

  function createCrowd(block: string): Crowd<Each> {
    const members = {
      silent: createOrderedSet<Each>(),
      idle: createOrderedSet<Each>(),
      busy: createOrderedSet<Each>(),
    };
    const crowd = { block, members, size: 0 };
    byBlock.set(block, crowd);
    return crowd;
  }

  return {
    get: (block) => byBlock.get(block),
    add(block, member) {
      const crowd = byBlock.get(block) ?? createCrowd(block);
      const ofStanding = crowd.members[member.standing];
      ofStanding.add(member);
      crowd.size += 1;
      rank(crowd, member.standing, ofStanding.size - 1);
    },
    remove(block, member) {
      const crowd = byBlock.get(block);
      const ofStanding = crowd?.members[member.standing];
      if (!crowd || !ofStanding?.delete(member)) return;
      crowd.size -= 1;
      rank(crowd, member.standing, ofStanding.size + 1);
      if (crowd.size === 0) byBlock.delete(block);
    },
    move(block, member, to) {
      const crowd = byBlock.get(block);
      const left = crowd?.members[member.standing];
      if (!crowd || !left?.delete(member)) return;
      rank(crowd, member.standing, left.size + 1);
      const joined = crowd.members[to];
      joined.add(member);
      rank(crowd, to, joined.size - 1);
    },
    fullest(standing) {
      const [crowd] = bySize[standing].at(-1) ?? [];
      return crowd;
    },
  };
}
