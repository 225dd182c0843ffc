import { slotKey } from '@rollcall/core/internal';
import type { CallName, Calls, Told } from './calls.ts';
import type { Deaths } from './deaths.ts';
import { leaseCalls } from './lease-calls.ts';
import type { Member } from './member.ts';
import type { ProcessFleet } from './process-fleet.ts';

/** The answers to one process. `undefined`: this incarnation was declared dead. */
type Answers = { readonly [Name in CallName]?: (asked: Calls[Name]['asked']) => Calls[Name]['answered'] };

/** What one process asks over its channel, and how the fleet answers it. */
export class Conversation {
  readonly #fleet: ProcessFleet;
  readonly #deaths: Deaths;
  readonly #send: (told: Told) => void;
  #member: Member | undefined;
  #stopUndertaking = (): void => {};
  readonly #answers: Answers;

  constructor(fleet: ProcessFleet, deaths: Deaths, send: (told: Told) => void) {
    this.#fleet = fleet;
    this.#deaths = deaths;
    this.#send = send;
    this.#answers = this.#make();
  }

  answer(call: CallName, asked: unknown): unknown {
    const member = this.#member;
    if (member && call !== 'join') {
      const isDead = !this.#fleet.lives(member.identity.instance);
      if (!isDead) this.#fleet.heard(member);
      else if (call !== 'leave' || !(asked as Calls['leave']['asked']).lease) return undefined;
    }
    return (this.#answers[call] as ((asked: unknown) => unknown) | undefined)?.(asked) ?? null;
  }

  end(): void {
    this.#stopUndertaking();
  }

  #make(): Answers {
    const fleet = this.#fleet;
    const { state } = fleet;
    const member = (): Member => {
      if (!this.#member) throw new Error('it has not joined');
      return this.#member;
    };
    return {
      join: ({ identity, deadAfterMs, ...sign }) => {
        this.#member = fleet.join(identity, deadAfterMs, sign, (told) => this.#send(told));
        return fleet.renew(this.#member, sign);
      },
      renew: (sign) => fleet.renew(member(), sign),
      enter: (asked) => fleet.enter(member(), asked),
      leave: (asked) => answerNothing(fleet.leave(member(), asked)),
      find: (devices) => state.placesOf(devices, (instance) => fleet.lives(instance)),
      isHeld: ({ device, slot }) => {
        const holder = state.holderOf(slotKey(member().identity.type, device, slot));
        return holder !== undefined && fleet.lives(holder.instance);
      },
      ...leaseCalls(fleet, member),
      succeed: (earlier) => fleet.succeed(member(), earlier),
      untold: ({ earlier, connections }) => {
        const death = state.deaths.get(earlier);
        if (!death) return null;
        const { aliveAt, declaredAt } = death;
        return { connections: state.neverEntered(earlier, connections), aliveAt, declaredAt };
      },
      settled: (earlier) => answerNothing(fleet.settled(member(), earlier)),
      close: () => {
        const { instance } = member().identity;
        if (!state.entries.has(instance)) fleet.remove(instance);
        return null;
      },
      undertake: ({ deadAfterMs }) => {
        this.#stopUndertaking = this.#deaths.undertaker(deadAfterMs, (told) => this.#send(told));
        return null;
      },
      undertakeNoMore: () => answerNothing(this.#stopUndertaking()),
      verdict: ({ instance, isDead }) => answerNothing(this.#deaths.verdict(instance, isDead)),
      told: ({ instance, settled }) => answerNothing(this.#deaths.told(instance, settled)),
    };
  }
}

function answerNothing(_done: void): null {
  return null;
}
