import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import { renewLease } from '../scripts/renew-lease.ts';
import { unattended, type Shared } from '../shared.ts';
import { identityText } from '../wire/identity.ts';
import { readEpoch } from '../wire/read-epoch.ts';
import type { Reply } from './asker.ts';
import { PauseWatch } from './pause-watch.ts';

/** How often it is looked whether the process stood still. */
const lookEveryMs = 250;
/** How soon a sign of life that was not answered is repeated. */
const repeatAfterMs = 500;
/** Signs of life within the time after which an instance is declared dead. */
const signsInTime = 5;

/** What the engine says with each sign of life. */
export interface FleetFacts {
  /** Of what the engine holds: another one, and it holds nothing that was entered before. */
  readonly fleetName: string;
  readonly instances: number;
  /** How long it took to say so. */
  readonly answerMs: number;
}

export interface RenewalOptions extends Shared {
  renewed(facts: FleetFacts): void;
  notAnswered(): void;
  /** A doubt whether it was declared dead is over: it was not. */
  aliveAgain(): void;
  buried(instance: string): void;
}

/** Signs of life of this incarnation. */
export class Renewal {
  readonly #options: RenewalOptions;
  readonly #pauses: PauseWatch;
  #dueAt: Instant;
  #asking: string | undefined;
  /** Who asked for announcements, the last time. */
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

  /** Gives a sign of life now. Resolves when it was answered, or was not. */
  async now(): Promise<void> {
    const { context, self, asker, keys } = this.#options;
    const me = self.short;
    if (this.#asking === me) return;
    this.#asking = me;
    const askedAt = context.clock.monotonic();
    const epoch = context.facts.epoch();
    // Another one each time: an engine that forgot the fleet's name gets one that nobody knows.
    const name = Buffer.from(context.random.bytes(12)).toString('base64url');
    const reply = await asker.ask(
      renewLease,
      [keys.leases, keys.deaths, keys.fleet, keys.instances],
      [me, epoch, context.facts.unconfirmedSince() ?? epoch, name, identityText(self.identity)],
    );
    if (this.#asking === me) this.#asking = undefined;
    // Of an incarnation that is no more.
    if (me === self.short) this.#answered(reply, askedAt, me);
  }

  /** Another incarnation begins. */
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

  /** The engine says for some minutes who asked: once is enough. */
  #asked(who: unknown): void {
    if (typeof who !== 'string' || who === '' || who === this.#announcedFor) return;
    this.#announcedFor = who;
    this.#options.context.listener.announceAsked();
  }

  #dueIn(durationMs: number): void {
    this.#dueAt = later(this.#options.context.clock.monotonic(), durationMs);
  }
}
