import type { ConnectionId, Timestamp } from '@rollcall/core';
import { silentLog, type Clock } from '@rollcall/core/environment';
import type { DeadInstance, OwedEnding, PublishingSignal } from '@rollcall/core/directory';
import {
  deadAfterMsUnderTest,
  joinFleet,
  type FleetMember,
  type FleetUnderTest,
  type MemberFacts,
} from '../directory-under-test.ts';
import { seededRandom } from '../seeded-random.ts';

/** Opens a fleet for one test. */
export type WithFleet = (use: (fleet: FleetInTest) => Promise<void>) => Promise<void>;

export function withFleetOf(open: () => Promise<FleetUnderTest>): WithFleet {
  return async (use) => {
    const fleet = new FleetInTest(await open());
    try {
      await use(fleet);
    } finally {
      await fleet.end();
    }
  };
}

/** What an undertaker was asked to tell. */
interface Buried {
  readonly owed: OwedEnding[];
  /** Instances, as they were declared dead. */
  readonly declared: string[];
  readonly dead: DeadInstance;
  /** What it was told that the engine's clock says. */
  readonly now: Timestamp | undefined;
  /** Whether what is told is safe; or which of it. */
  settle: boolean | ((owed: OwedEnding) => boolean);
  /** What was told, and is safe. */
  readonly settled: ReadonlySet<ConnectionId>;
}

/** Members of a fleet, whose time passes as the test says. */
class FleetInTest {
  readonly under: FleetUnderTest;
  readonly #toEnd: (() => Promise<void>)[] = [];

  constructor(under: FleetUnderTest) {
    this.under = under;
  }

  async member(facts?: MemberFacts): Promise<FleetMember> {
    const member = await joinFleet(this.under, facts);
    this.#toEnd.push(() => member.directory.close());
    return member;
  }

  async join(count: 2): Promise<[FleetMember, FleetMember]>;
  async join(count: 3): Promise<[FleetMember, FleetMember, FleetMember]>;
  async join(count: number): Promise<FleetMember[]>;
  async join(count: number): Promise<FleetMember[]> {
    const members: FleetMember[] = [];
    while (members.length < count) members.push(await this.member());
    return members;
  }

  at(members: readonly FleetMember[], index: number): FleetMember {
    const member = members[index];
    if (!member) throw new Error('no such member');
    return member;
  }

  async undertaker(signal?: PublishingSignal, clock: Clock = this.under.clock): Promise<Buried> {
    const owed: OwedEnding[] = [];
    const settled = new Set<ConnectionId>();
    let dead: DeadInstance | undefined;
    const buried = {
      now: undefined as Timestamp | undefined,
      owed,
      declared: [] as string[],
      settle: false as Buried['settle'],
      settled,
      get dead(): DeadInstance {
        if (!dead) throw new Error('nobody is dead');
        return dead;
      },
    };
    // An undertaker is part of an instance that lives: where nobody does, an engine that takes no signs of life cannot be told apart.
    await this.member();
    const undertaker = await this.under.createUndertaker({
      clock,
      random: seededRandom(1),
      log: silentLog,
      deadAfterMs: deadAfterMsUnderTest,
      ...(signal && { signal }),
      declared: (instance) => void buried.declared.push(instance),
      tell(instance, endings, now) {
        dead = instance;
        buried.now = now;
        owed.push(...endings);
        const { settle } = buried;
        const isSafe = typeof settle === 'boolean' ? () => settle : settle;
        const safe = endings.filter((each) => isSafe(each)).map(({ event }) => event.connectionId);
        for (const connection of safe) settled.add(connection);
        return Promise.resolve(safe);
      },
    });
    this.#toEnd.push(() => undertaker.stop());
    return buried;
  }

  /** Lets time pass until it has settled. */
  async settles<Value>(work: Promise<Value>): Promise<Value> {
    for (let tries = 0; tries < 100; tries++) {
      const passed = Symbol('passed');
      const passing = this.under.pass(100).then(() => passed);
      const first = await Promise.race([work, passing]);
      // Time that goes on passing would be taken from what is asked next.
      await passing;
      if (first !== passed) break;
    }
    return work;
  }

  /** Until it holds; how long that takes is the engine's business. */
  async until(holds: () => void | Promise<void>): Promise<void> {
    for (let tries = 0; ; tries++)
      try {
        await holds();
        return;
      } catch (error) {
        if (tries >= 100) throw error;
        await this.under.pass(200);
      }
  }

  async end(): Promise<void> {
    for (const end of this.#toEnd.toReversed()) await end();
    await this.under.cleanUp?.();
  }
}
