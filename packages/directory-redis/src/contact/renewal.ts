import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import { renewLease } from '../scripts/renew-lease.ts';
import { unattended, type Shared } from '../shared.ts';
import { identityText } from '../wire/identity.ts';
import { readEpoch } from '../wire/read-epoch.ts';
import type { Reply } from './asker.ts';
import { PauseWatch } from './pause-watch.ts';

/** How often to check whether the process stood still. */
const lookEveryMs = 250;
/** How soon to repeat a sign of life that was not answered. */
const repeatAfterMs = 500;
/** How many signs of life are given within the time after which an instance is declared dead. */
const signsInTime = 5;

/** What the engine answers to each sign of life. */
export interface FleetFacts {
  /** Names the data that the engine holds. Another name means that it lost all that was entered before. */
  readonly fleetName: string;
  readonly instances: number;
  /** How long the answer took. */
  readonly answerMs: number;
}

export interface RenewalOptions extends Shared {
  renewed(facts: FleetFacts): void;
  notAnswered(): void;
  /** This incarnation was not declared dead: the doubt is over. */
  aliveAgain(): void;
  buried(instance: string): void;
}

/** Gives signs of life of this incarnation. */
export class Renewal {
  readonly #options: RenewalOptions;
  readonly #pauses: PauseWatch;
  #dueAt: Instant;
  #asking: string | undefined;
  /** Who asked for announcements last. */
  #announcedFor: string | undefined;
  #isDead = false;
  #disarm = (): void => {};

  constructor(options: RenewalOptions) {
    const { clock, deadAfterMs } = options.context;
    this.#options = options;
    this.#pauses = new PauseWatch(clock, deadAfterMs / 2);
    this.#dueAt = clock.monotonic();
  }

  get alive(): boolean {
    return !this.#isDead && !this.#pauses.inDoubt;
  }

  /** Whether this incarnation was declared dead, and the next one has not begun. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** This incarnation was declared dead. That is final, whatever the engine says afterwards. */
  died(): void {
    this.#isDead = true;
  }

  start(): void {
    const { clock } = this.#options.context;
    this.#disarm = clock.at(later(clock.monotonic(), lookEveryMs), () => {
      this.start();
      this.#look();
    });
  }

  stop(): void {
    this.#disarm();
  }

  /** Gives a sign of life now. Resolves when it was answered, or failed. */
  async now(): Promise<void> {
    const { context, self, asker, keys } = this.#options;
    const me = self.short;
    if (this.#asking === me) return;
    this.#asking = me;
    const askedAt = context.clock.monotonic();
    const epoch = context.facts.epoch();
    // A new name each time: an engine that forgot the fleet's name gets one that was never used.
    const name = Buffer.from(context.random.bytes(12)).toString('base64url');
    const reply = await asker.ask(
      renewLease,
      [keys.leases, keys.deaths, keys.fleet, keys.instances],
      [me, epoch, context.facts.unconfirmedSince() ?? epoch, name, identityText(self.identity)],
    );
    if (this.#asking === me) this.#asking = undefined;
    // Otherwise the answer is for an earlier incarnation.
    if (me === self.short) this.#answered(reply, askedAt, me);
  }

  /** The next incarnation begins. */
  anew(): void {
    this.#isDead = false;
    this.#pauses.anew();
    this.#dueAt = this.#options.context.clock.monotonic();
  }

  #look(): void {
    const { context, asker, aliveAgain } = this.#options;
    const wasInDoubt = this.#pauses.inDoubt;
    this.#pauses.look();
    if (!this.#isDead && !asker.inTouch && this.#pauses.unreachable()) aliveAgain();
    const justStoodStill = wasInDoubt && this.#pauses.inDoubt;
    if (justStoodStill || context.clock.monotonic() >= this.#dueAt) {
      this.#dueIn(repeatAfterMs);
      unattended(context.log, this.now());
    }
  }

  #answered(reply: Reply, askedAt: Instant, me: string): void {
    const { context, time, foreign, buried, renewed, notAnswered, aliveAgain } = this.#options;
    this.#pauses.look();
    const [code, ms, epoch, fleetName, instances, announcements] =
      reply.status === 'answer' && Array.isArray(reply.value) ? (reply.value as readonly unknown[]) : [];
    if (code === 0 || this.#isDead) {
      buried(me);
      return;
    }
    if (code !== 1 || typeof ms !== 'number' || typeof fleetName !== 'string') {
      this.#dueIn(repeatAfterMs);
      notAnswered();
      return;
    }
    this.#dueIn(context.deadAfterMs / signsInTime);
    time.said(ms, askedAt);
    const seen = readEpoch(epoch);
    if (seen !== undefined) context.listener.epochSeen(seen, 'fleet');
    else foreign.found('epoch', epoch);
    const answerMs = context.clock.monotonic() - askedAt;
    renewed({ fleetName, instances: typeof instances === 'number' ? instances : 1, answerMs });
    if (this.#pauses.livedAt(askedAt)) aliveAgain();
    this.#asked(announcements);
  }

  /** For some minutes each answer of the engine says who asked. One announcement is enough. */
  #asked(who: unknown): void {
    if (typeof who !== 'string' || who === '' || who === this.#announcedFor) return;
    this.#announcedFor = who;
    this.#options.context.listener.announceAsked();
  }

  #dueIn(durationMs: number): void {
    this.#dueAt = later(this.#options.context.clock.monotonic(), durationMs);
  }
}
