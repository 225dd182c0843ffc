import { unattended, type Shared } from '../shared.ts';
import type { HeldConnection } from '../state/held-connection.ts';
import { bucketCount } from '../wire/bucket-of.ts';
import { readRecord } from '../wire/record.ts';
import type { Claims } from './claims.ts';
import { Doubts, type Doubted } from './doubts.ts';
import { assertionsPerSecond, Pace } from './pace.ts';

/** Within how many seconds all buckets are compared. */
const digestSeconds = 30;
/** How many buckets are compared together. */
const digestTogether = 64;
/** How many buckets are asserted together at most: each takes two answers of the engine, which may be far away. */
const assertedTogether = 128;

/** How many connections are asserted together, and what is more in the last bucket. More questions under way would hold up those of devices. */
const connectionsTogether = 500;

/** Leases that this incarnation holds in the engine alone, by the short ids of their connections. */
interface StrayBook {
  has(connection: string): boolean;
  add(lease: Pick<HeldConnection, 'deviceName' | 'field' | 'bucket'> & { readonly connection: string }): void;
}

/**
 * Keeps the engine's records of this instance true: connections that it forgot are asserted again, and records that it kept too long are
 * taken out. It finds differences by counting. In case counts agree by chance, one bucket a second is asserted again in any case.
 */
export class Reassertion {
  readonly #shared: Shared;
  readonly #claims: Claims;
  readonly #strays: StrayBook;
  readonly #doubts = new Doubts();
  readonly #pace: Pace;
  /** Leases that moved from here, and were left to their new holders. */
  readonly #left = new WeakSet<HeldConnection>();
  /** Whether a bucket is being asserted. */
  #underWay = false;
  #working = false;
  #stopped = false;
  #turn = 0;

  /** @param strays must not be taken out. */
  constructor(shared: Shared, claims: Claims, strays: StrayBook) {
    this.#shared = shared;
    this.#pace = new Pace(shared.context.clock, assertionsPerSecond(1));
    this.#strays = strays;
    this.#claims = claims;
  }

  get caughtUp(): boolean {
    return !this.#underWay && !this.#doubts.any;
  }

  /** Entries in this bucket may not have arrived. */
  doubt(bucket: number): void {
    if (this.#shared.asker.inTouch) this.#doubts.later(bucket);
    else this.#doubts.usual(bucket);
  }

  /** A connection of this bucket came or went, and the engine was not asked, or did not answer: only that change is sent. */
  notAsked(bucket: number): void {
    if (this.#shared.asker.inTouch) this.#doubts.unaskedLater(bucket);
    else this.#doubts.unasked(bucket);
  }

  /** The engine may have lost, or this instance may have missed, anything: everything is asserted again, what differs first. */
  doubtAll(): void {
    for (let bucket = 0; bucket < bucketCount; bucket++)
      if (this.#shared.book.inBucket(bucket).size > 0) this.#doubts.usual(bucket);
    unattended(this.#shared.context.log, this.#compareAll());
  }

  instancesAre(count: number): void {
    this.#pace.perSecond = assertionsPerSecond(count);
  }

  /** To be called once a second. */
  everySecond(): void {
    this.#doubts.retry();
    if (!this.#shared.asker.inTouch) return;
    const share = Math.ceil(bucketCount / digestSeconds);
    const start = this.#turn * share;
    this.#turn = (this.#turn + 1) % digestSeconds;
    const buckets = Array.from({ length: share }, (_, index) => (start + index) % bucketCount);
    this.#doubts.routine(this.#turn + digestSeconds * Math.floor(this.#shared.context.random.next() * share));
    unattended(
      this.#shared.context.log,
      this.#compare(buckets).then(() => this.work()),
    );
  }

  /** Asserts the buckets in doubt, unless that is under way. */
  work(): void {
    if (this.#working || this.#stopped) return;
    this.#working = true;
    const done = this.#work().finally(() => (this.#working = false));
    unattended(this.#shared.context.log, done);
  }

  forgetAll(): void {
    this.#doubts.clear();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #compareAll(): Promise<void> {
    for (let start = 0; start < bucketCount; start += digestTogether) {
      if (this.#stopped || !this.#shared.asker.inTouch) return;
      await this.#compare(Array.from({ length: digestTogether }, (_, index) => start + index));
      this.work();
    }
  }

  /** Compares the number of records of this instance in each bucket. */
  async #compare(buckets: readonly number[]): Promise<void> {
    const { asker, keys, self, book } = this.#shared;
    const me = self.short;
    const counts = await Promise.all(buckets.map((bucket) => asker.look('HLEN', keys.owedBy(bucket) + me)));
    if (me !== self.short) return;
    for (const [index, bucket] of buckets.entries()) {
      const count = counts[index];
      if (count?.status === 'answer' && count.value !== book.inBucket(bucket).size)
        this.#doubts.urgent(bucket);
    }
  }

  async #work(): Promise<void> {
    const { asker } = this.#shared;
    while (!this.#stopped && asker.inTouch) {
      const batch = this.#takeBatch();
      if (batch.length === 0) return;
      this.#underWay = true;
      try {
        await Promise.all(
          batch.map(async (doubted) => {
            if (!(await this.#tell(doubted))) this.#doubts.later(doubted.bucket);
          }),
        );
      } finally {
        this.#underWay = false;
      }
    }
  }

  /** Until a batch is told, more urgent buckets wait. */
  #takeBatch(): readonly Doubted[] {
    const batch = new Map<number, Doubted>();
    let connections = 0;
    while (batch.size < assertedTogether && connections < connectionsTogether) {
      const doubted = this.#doubts.take();
      if (!doubted) break;
      batch.set(doubted.bucket, doubted);
      connections += this.#shared.book.inBucket(doubted.bucket).size;
    }
    return [...batch.values()];
  }

  /** @returns whether the engine answered every assertion. */
  async #tell({ bucket, what }: Doubted): Promise<boolean> {
    const { asker, book } = this.#shared;
    let complete = await this.#takeOutStrangers(bucket);
    const answers: Promise<boolean>[] = [];
    for (const held of [...book.inBucket(bucket)]) {
      if (!asker.inTouch || !complete) return false;
      if (!this.#isToTell(held, what)) continue;
      await this.#pace.pass();
      // Meanwhile it may have ended.
      if (this.#isToTell(held, what)) answers.push(this.#claims.assert(held));
    }
    for (const answered of await Promise.all(answers)) complete &&= answered;
    return complete;
  }

  #isToTell(held: HeldConnection, what: Doubted['what']): boolean {
    // An assertion would displace the lease that the engine is about to answer with, for one that is not published then.
    if (held.isEntering || (what === 'unknown' && held.known)) return false;
    return this.#shared.book.get(held.event.connectionId) === held;
  }

  /** Takes out records of this instance that are not in the book: the engine did not hear that they ended. */
  async #takeOutStrangers(bucket: number): Promise<boolean> {
    const { asker, keys, self, book, foreign } = this.#shared;
    const me = self.short;
    const owed = keys.owedBy(bucket) + me;
    const known = await asker.look('HKEYS', owed);
    if (known.status !== 'answer' || !Array.isArray(known.value)) return known.status === 'refused';
    const held = new Set([...book.inBucket(bucket)].map(({ shortId }) => shortId));
    const strangers = known.value
      .filter((id) => typeof id === 'string')
      .filter((id) => !held.has(id) && !this.#strays.has(id));
    for (const connection of strangers) {
      const text = await asker.look('HGET', owed, connection);
      if (text.status === 'none') return false;
      const record = text.status === 'answer' ? readRecord(text.value) : undefined;
      if (!record) {
        if (text.status === 'answer' && text.value !== null) foreign.found('record', text.value);
        continue;
      }
      const { device, field, untilMs } = record;
      const kind = untilMs === undefined ? 'session' : 'lease';
      // A lease may have come here meanwhile.
      if ([...book.inBucket(bucket)].some(({ shortId }) => shortId === connection)) continue;
      if (this.#hasMoved(connection)) continue;
      // Others tell what the incarnation before had.
      if (me !== self.short) return false;
      if (!(await this.#claims.releaseRecord(connection, { device, field, bucket, kind }))) return false;
    }
    return true;
  }

  /**
   * The engine went back to what it was before a lease moved from here. Usually its new holder takes it again. If the record is still here
   * the next time, that holder is gone, and knew alone what became of the lease: so others end it.
   */
  #hasMoved(connection: string): boolean {
    const moved = this.#claims.movedAwayLately(connection);
    if (!moved) return false;
    const { deviceName, field, bucket } = moved;
    if (this.#left.has(moved)) this.#strays.add({ connection, deviceName, field, bucket });
    this.#left.add(moved);
    return true;
  }
}
