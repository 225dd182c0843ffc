import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { HeldLease, LifeSign, ReportOutcome } from '@rollcall/core/directory';
import { reportSign } from '../scripts/report-sign.ts';
import { unattended, type Shared } from '../shared.ts';
import { bucketOf } from '../wire/bucket-of.ts';
import { deviceName, slotField } from '../wire/field-text.ts';
import { mostSigns, signsText } from '../wire/instance-message.ts';
import { readRecord } from '../wire/record.ts';
import { shortId } from '../wire/short-id.ts';
import { heldLease } from './held-lease.ts';

/** At most one sign of each lease is sent in this time. */
const togetherMs = 1_000;
/** How many of them are under way: far fewer than all questions that may be, since devices ask at the same time. */
const notedTogether = 200;

interface Reported {
  readonly lease: HeldLease;
  readonly sign: LifeSign;
  readonly at: Instant;
  readonly resolve: (outcome: ReportOutcome) => void;
}

/** Reports to the holders of leases, in batches, that their devices were heard here. */
export class LifeSigns {
  readonly #shared: Shared;
  readonly #publish: (channel: string, message: string) => Promise<unknown>;
  #waiting: Reported[] = [];
  #armed = false;
  #flushedAt: Instant;
  #disarm = (): void => {};

  constructor(shared: Shared, publish: (channel: string, message: string) => Promise<unknown>) {
    this.#shared = shared;
    this.#publish = publish;
    this.#flushedAt = later(shared.context.clock.monotonic(), -togetherMs);
  }

  report(lease: HeldLease, sign: LifeSign): Promise<ReportOutcome> {
    const { asker, context } = this.#shared;
    if (!asker.inTouch) return Promise.resolve({ status: 'unknown' });
    return new Promise((resolve) => {
      this.#waiting.push({ lease, sign, at: context.clock.monotonic(), resolve });
      this.#arm();
    });
  }

  stop(): void {
    this.#disarm();
    for (const { resolve } of this.#waiting.splice(0)) resolve({ status: 'unknown' });
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    const { clock, log } = this.#shared.context;
    const due = Math.max(clock.monotonic(), later(this.#flushedAt, togetherMs)) as Instant;
    this.#disarm = clock.at(due, () => {
      this.#flushedAt = clock.monotonic();
      unattended(
        log,
        this.#flush(this.#waiting.splice(0)).finally(() => this.#flushed()),
      );
    });
  }

  /** Signs that were reported while others were on their way waited for that. */
  #flushed(): void {
    this.#armed = false;
    if (this.#waiting.length > 0) this.#arm();
  }

  /** Sends the latest sign of each lease, and each goodbye, some leases at a time. */
  async #flush(reported: readonly Reported[]): Promise<void> {
    const latest = new Map<string, Reported[]>();
    for (const each of reported) {
      const key = `${each.lease.instance}\n${each.lease.event.connectionId}`;
      const before = latest.get(key);
      if (before) before.push(each);
      else latest.set(key, [each]);
    }
    const holderOf = ([first]: readonly Reported[]): string => first?.lease.instance ?? '';
    // Those of one holder follow each other: they go into few messages.
    const leases = [...Map.groupBy(latest.values(), holderOf).values()].flat();
    for (let at = 0; at < leases.length; at += notedTogether) {
      const byHolder = Map.groupBy(leases.slice(at, at + notedTogether), holderOf);
      await Promise.all([...byHolder].map(([holder, some]) => this.#tell(holder, some)));
    }
  }

  async #tell(holder: string, leases: readonly (readonly Reported[])[]): Promise<void> {
    const outcomes = await Promise.all(leases.map((of) => this.#note(of)));
    const told = leases.filter((_, index) => outcomes[index]?.status === 'told');
    const signs = told.flatMap((of) => this.#signsOf(of));
    const channel = this.#shared.keys.channels + shortId(holder);
    let arrived = true;
    for (let at = 0; at < signs.length; at += mostSigns)
      arrived &&= await this.#publish(channel, signsText(signs.slice(at, at + mostSigns))).then(
        () => true,
        () => false,
      );
    this.#shared.tallies.signs_reported += arrived ? signs.length : 0;
    for (const [index, of] of leases.entries()) {
      const outcome = outcomes[index] ?? { status: 'unknown' };
      const final: ReportOutcome = outcome.status === 'told' && !arrived ? { status: 'unknown' } : outcome;
      for (const { resolve } of of) resolve(final);
    }
  }

  #signsOf(reported: readonly Reported[]): (readonly [connection: string, sign: LifeSign])[] {
    const now = this.#shared.context.clock.monotonic();
    const last = reported.findLastIndex(({ sign }) => sign.kind !== 'goodbye');
    return reported
      .filter(({ sign }, index) => index === last || sign.kind === 'goodbye')
      .map(({ lease, sign, at }) => [lease.event.connectionId, { ...sign, ageMs: sign.ageMs + now - at }]);
  }

  /** The engine notes that the device was heard, and says whether the holder still has the lease. */
  async #note(reported: readonly Reported[]): Promise<ReportOutcome> {
    const { asker, keys, time, self, foreign } = this.#shared;
    const [first] = reported;
    const keeps = reported.at(-1)?.sign.kind !== 'goodbye';
    if (!first) return { status: 'unknown' };
    const { event, slot, instance } = first.lease;
    const name = deviceName(event.device);
    const bucket = bucketOf(name);
    const connection = shortId(event.connectionId);
    const field = slotField({ kind: 'lease', adapterType: event.adapter.type, slot }, connection);
    const reply = await asker.ask(
      reportSign,
      [keys.devices(bucket) + name, keys.heard(bucket), keys.fenced(bucket)],
      [field, shortId(instance), connection, keys.owedBy(bucket), keeps ? '1' : '0'],
    );
    const engineMs = time.now();
    if (reply.status !== 'answer' || !Array.isArray(reply.value) || engineMs === undefined)
      return { status: 'unknown' };
    const [code, record] = reply.value as readonly unknown[];
    if (code !== 1) return { status: 'gone' };
    const claim = `1${event.epoch}${shortId(instance)} ${connection}`;
    const found = heldLease(claim, record, self.identity, engineMs);
    if (!found && record !== '' && !readRecord(record)) foreign.found('record', record);
    return { status: 'told', holderSilentMs: found?.lease.state.silentMs ?? 0 };
  }
}
