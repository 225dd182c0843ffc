import type { Timestamp } from '@rollcall/core';
import { sleep } from '@rollcall/core/environment';
import type { Succession } from '@rollcall/core/directory';
import { changeDeath } from '../scripts/change-death.ts';
import { dropOwed } from '../scripts/drop-owed.ts';
import { inherit } from '../scripts/inherit.ts';
import { unattended, type Shared } from '../shared.ts';
import { readHash } from '../state/read-hash.ts';
import { bucketCount } from '../wire/bucket-of.ts';
import { deathText, readDeath, passedOn, type Death } from '../wire/death.ts';
import { shortId } from '../wire/short-id.ts';
import { heirOf } from './heir-of.ts';

const unknown: Succession = { whose: 'unknown' };
const others: Succession = { whose: 'others' };
/** How long to wait for an answer. */
const patienceMs = 900;
/** How many buckets are settled at a time. */
const together = 16;

/** Incarnations that ended without notice, and whose journal this instance continues. */
export class Inheritance {
  readonly #shared: Shared;
  readonly #toSettle = new Set<string>();
  /** Incarnations whose endings this instance publishes, as the engine has confirmed. */
  readonly #ours = new Set<string>();
  readonly #done = new Set<string>();
  #settling = false;
  /** Short id of the latest one, whose journal this instance continues; '' none. */
  latest = '';

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  async succeed(earlier: string): Promise<Succession> {
    const { asker, context } = this.#shared;
    const short = shortId(earlier);
    if (this.latest === '') this.latest = short;
    if (!asker.inTouch) return unknown;
    return Promise.race([this.#succeed(short), sleep(context.clock, patienceMs).then(() => unknown)]);
  }

  /** Its open connections are ended, or go on here. */
  settled(earlier: string): void {
    this.#toSettle.add(shortId(earlier));
  }

  /** The engine may have gone back to what it was before they were settled: then others would report their endings a second time. */
  again(): void {
    this.#ours.clear();
    for (const earlier of this.#done) this.#toSettle.add(earlier);
  }

  /** Resolves when nothing is left to be settled, or the engine does not answer. */
  async go(): Promise<void> {
    if (this.#settling || !this.#shared.asker.inTouch) return;
    this.#settling = true;
    try {
      for (const earlier of this.#toSettle) {
        const failures = this.#shared.asker.failures;
        if (!(await this.#settleWithAncestors(earlier))) return;
        // Otherwise the engine may have gone back meanwhile.
        if (this.#shared.asker.failures !== failures) {
          this.#ours.clear();
          return;
        }
        this.#toSettle.delete(earlier);
        this.#done.add(earlier);
      }
    } finally {
      this.#settling = false;
    }
  }

  start(): void {
    if (this.#toSettle.size > 0) unattended(this.#shared.context.log, this.go());
  }

  async #succeed(earlier: string): Promise<Succession> {
    const { asker, keys, self } = this.#shared;
    const reply = await asker.ask(
      inherit,
      [keys.leases, keys.deaths, keys.counted(earlier), keys.totals, keys.instances],
      [earlier, self.short],
    );
    if (reply.status !== 'answer') return unknown;
    if (reply.value === '') return { whose: 'ours' };
    const death = readDeath(reply.value);
    if (death?.state !== 'inherited') return others;
    if (death.heir !== self.identity.instance) {
      // The incarnation between them died too, before it had settled this one.
      const deaths = await this.#deaths();
      if (deaths === 'no answer') return unknown;
      if (deaths === 'refused' || heirOf(earlier, deaths).at(-1) !== self.short) return others;
    }
    this.#ours.add(earlier);
    return { whose: 'ours', declaredAt: death.declaredAtMs as Timestamp };
  }

  async #deaths(): Promise<ReadonlyMap<string, Death> | 'no answer' | 'refused'> {
    const { asker, keys, foreign } = this.#shared;
    const reply = await asker.look('HGETALL', keys.deaths);
    if (reply.status === 'refused') return 'refused';
    if (reply.status === 'none' || !Array.isArray(reply.value)) return 'no answer';
    return readHash(reply.value, 'death', foreign, readDeath);
  }

  /** Also settles those that this incarnation had inherited from and did not settle. */
  async #settleWithAncestors(earlier: string): Promise<boolean> {
    if (!this.#ours.has(earlier)) {
      // The engine was away at the start, so it was not asked then.
      const { whose } = await this.#succeed(earlier);
      if (whose !== 'ours') return whose === 'others';
    }
    const deaths = await this.#deaths();
    if (typeof deaths === 'string') return deaths === 'refused';
    for (const [instance, death] of deaths)
      if (instance === earlier || heirOf(instance, deaths).includes(earlier))
        if (death.state === 'inherited' && !(await this.#settle(instance, death))) return false;
    return true;
  }

  async #settle(earlier: string, death: Death): Promise<boolean> {
    const { asker, keys } = this.#shared;
    for (let start = 0; start < bucketCount; start += together) {
      const replies = await Promise.all(
        Array.from({ length: together }, (_, index) => start + index).map((bucket) =>
          asker.ask(
            dropOwed,
            [keys.owedBy(bucket) + earlier, keys.fenced(bucket), keys.told(bucket, earlier)],
            [earlier, keys.devices(bucket)],
          ),
        ),
      );
      if (replies.some(({ status }) => status === 'none')) return false;
    }
    const settled = deathText(passedOn(death, 'settled'));
    const reply = await asker.ask(
      changeDeath,
      [keys.deaths, keys.instances, keys.leases, keys.counted(earlier), keys.totals],
      [earlier, deathText(death), settled],
    );
    return reply.status !== 'none';
  }
}
