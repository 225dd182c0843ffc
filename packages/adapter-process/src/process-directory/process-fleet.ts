import type { Epoch, Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import type { AdapterIdentity } from '@rollcall/core/events';
import { epochAfter, type Succession } from '@rollcall/core/directory';
import { heirsOf, slotKey } from '@rollcall/core/internal';
import type { Calls, Channel, Entered, FleetView, SignOfLife, ToParent, ToProcess } from './calls.ts';
import { Conversation } from './conversation.ts';
import { Deaths } from './deaths.ts';
import { FleetState, placeOf } from './fleet-state.ts';
import type { Member, Silent } from './member.ts';

/** A claim that took longer on its way is compared by its epoch: the clocks of processes on one machine are one. */
const freshMs = 100;

/**
 * The directory among the processes of one machine: held by their parent, in memory. Each process has a channel of its own. It ends
 * with the parent, as they do.
 */
export class ProcessFleet {
  readonly state: FleetState;
  readonly #clock: Clock;
  readonly #members = new Map<string, Member>();
  readonly #deaths: Deaths;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.state = new FleetState(clock, (tenant) => {
      for (const { changed } of this.#members.values()) changed.add(tenant);
    });
    this.#deaths = new Deaths(this.state, {
      clock,
      silent: () => this.#members.values(),
      lives: (instance) => this.lives(instance),
      declare: (member) => this.#declare(member),
    });
  }

  /** A process is there. The result is to be called once it has ended. */
  connect(channel: Channel<ToProcess, ToParent>): () => void {
    let outgoing: ToProcess[number][] | undefined;
    let hasEnded = false;
    const send = (message: ToProcess[number]): void => {
      if (hasEnded) return;
      if (outgoing) {
        outgoing.push(message);
        return;
      }
      const some: ToProcess[number][] = (outgoing = [message]);
      queueMicrotask(() => {
        outgoing = undefined;
        if (!hasEnded) channel.send(some);
      });
    };
    const answers = new Conversation(this, this.#deaths, send);
    channel.receive((questions) => {
      for (const { number, call, asked } of questions) {
        // Of a process that has ended, what it asked last is read late: what it told holds, but it is nothing any more.
        if (hasEnded && (call === 'join' || call === 'undertake')) continue;
        const answered = answers.answer(call, asked);
        send(answered === undefined ? { number, refused: true } : { number, answered });
      }
    });
    return () => {
      hasEnded = true;
      answers.end();
    };
  }

  stop(): void {
    this.#deaths.stop();
  }

  /** Whether it joined, and was not declared dead. */
  lives(instance: string): boolean {
    return this.#members.has(instance) && !this.state.deaths.has(instance);
  }

  /** Of the `connected` events of this instance from this one on, a sink may lack some. */
  unconfirmedSince(instance: string): Epoch | undefined {
    const death = this.state.deaths.get(instance);
    if (death) return death.unconfirmedSince;
    const member = this.#members.get(instance);
    return member && unconfirmedSince(member.sign);
  }

  memberOf(instance: string): Member | undefined {
    return this.#members.get(instance);
  }

  join(identity: AdapterIdentity, deadAfterMs: number, sign: SignOfLife, tell: Member['tell']): Member {
    const member: Member = {
      identity,
      deadAfterMs,
      sign,
      aliveAt: this.#clock.now(),
      heardAt: this.#clock.monotonic(),
      changed: this.state.tenants(),
      tell,
    };
    this.#members.set(identity.instance, member);
    return member;
  }

  renew(member: Member, sign: SignOfLife): FleetView {
    member.sign = sign;
    this.state.noted.confirmedBefore(member.identity.instance, unconfirmedSince(sign));
    const others = [...this.#members.values()].filter(
      (each) => each !== member && this.lives(each.identity.instance),
    );
    const epochs = others.map((each) => each.sign.epoch).toSorted();
    const furthest = epochs.at(-1);
    const elsewhere = [...member.changed].map((tenant) => {
      const counts = others.map((each) => this.state.countOf(each.identity.instance, tenant));
      return [tenant, counts.reduce((sum, count) => sum + count, 0)] as const;
    });
    member.changed.clear();
    return { instances: others.length + 1, elsewhere, ...(furthest !== undefined && { furthest }) };
  }

  heard(member: Member): void {
    member.heardAt = this.#clock.monotonic();
    member.aliveAt = this.#clock.now();
  }

  /** It left in good order, or what it had open is told. */
  remove(instance: string): void {
    this.#members.delete(instance);
    this.state.noted.forget(instance);
  }

  enter({ identity: { instance, type } }: Member, { entry, at }: Calls['enter']['asked']): Entered {
    const { state } = this;
    const { device, connectionId: connection, epoch } = entry.event;
    const key = state.add(instance, type, entry);
    const holder = state.holderOf(key);
    if (key === undefined || holder?.connection === connection) return { standing: 'held' };
    const isBehind = holder !== undefined && holder.epoch >= epoch;
    if (isBehind && this.#clock.now() - at > freshMs) {
      this.memberOf(instance)?.tell({ what: 'displaced', connection, by: placeOf(holder) });
      return { standing: 'lost' };
    }
    state.hold(key, instance, entry, isBehind ? epochAfter(holder.epoch) : epoch);
    if (holder && holder.instance !== instance)
      this.memberOf(holder.instance)?.tell({
        what: 'displaced',
        connection: holder.connection,
        by: { device, connection, instance },
      });
    return { standing: 'held', ...(isBehind && { displaced: holder.epoch }) };
  }

  leave(
    { identity: { instance, type } }: Pick<Member, 'identity'>,
    { connection, lease, ending }: Calls['leave']['asked'],
  ): void {
    const { state } = this;
    const left = state.remove(instance, connection);
    const key = left?.key ?? (lease && slotKey(type, lease.device, lease.slot));
    if (lease) state.ended(connection);
    const holder = state.holderOf(key);
    const { entry } = left ?? (holder?.connection === connection ? holder : { entry: undefined });
    if (entry && ending && this.lives(instance)) state.noted.note(instance, entry.event, ending);
    if (key === undefined || holder?.connection !== connection) return;
    state.slots.delete(key);
    if (holder.instance === instance) return;
    state.remove(holder.instance, connection);
    this.memberOf(holder.instance)?.tell({ what: 'ended-elsewhere', connection });
  }

  succeed(member: Member, earlier: string): Succession {
    const { instance } = member.identity;
    const { state } = this;
    const before = this.#members.get(earlier);
    if (!state.deaths.has(earlier)) {
      // Nobody knows it, as one that left in good order.
      if (!before && !state.entries.has(earlier)) return { whose: 'ours' };
      this.#members.delete(earlier);
      this.#diedAs(before?.identity ?? { ...member.identity, instance: earlier }, before?.aliveAt, {
        successor: instance,
        // It may die before it has told this.
        ...(before && { unconfirmedSince: unconfirmedSince(before.sign) }),
      });
    }
    const declaredAt = state.deaths.get(earlier)?.declaredAt;
    if (declaredAt === undefined || heirsOf(earlier, state.deaths).at(-1) !== instance)
      return { whose: 'others' };
    return { whose: 'ours', declaredAt };
  }

  /** What its next incarnation had to tell of it is safe. */
  settled(member: Member, earlier: string): void {
    if (heirsOf(earlier, this.state.deaths).at(-1) === member.identity.instance) this.state.forget(earlier);
  }

  #declare(member: Silent): void {
    const { identity, aliveAt, sign } = member;
    this.#diedAs(identity, aliveAt, { unconfirmedSince: unconfirmedSince(sign) });
    this.#members.get(identity.instance)?.tell({ what: 'buried', instance: identity.instance });
    this.#members.delete(identity.instance);
  }

  #diedAs(
    identity: AdapterIdentity,
    aliveAt: Timestamp | undefined,
    of: { successor?: string; unconfirmedSince?: Epoch },
  ): void {
    const now = this.#clock.now();
    this.state.died({
      identity,
      aliveAt: aliveAt ?? now,
      declaredAt: now,
      unconfirmedSince: of.unconfirmedSince,
      ...(of.successor !== undefined && { successor: of.successor }),
    });
  }
}

/** Nothing is known of events that were stamped after the sign of life. */
function unconfirmedSince({ unconfirmedSince: since, epoch }: SignOfLife): Epoch {
  return since ?? epoch;
}
