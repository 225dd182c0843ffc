import { every } from '@rollcall/core/environment';
import { changeSubjects, subjectOf } from '../store/change-outbox.ts';
import type { StoredChange } from '../store/registry-write.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { NotificationLane, type LaneCounts, type LaneOptions } from './notification-lane.ts';
import { addressOf, type Notification } from './notification.ts';

/** How often to check the store: an earlier process or another replica may have left changes, and some may wait for too long. */
const lookEveryMs = 2_000;

/**
 * Sends notifications of the changes that the store keeps. Each address has its own lane: without a subscriber for changes of tenants,
 * those of devices are still sent.
 */
export class Notifier {
  readonly #options: LaneOptions;
  readonly #lanes;
  readonly #stopLooking: () => void;
  #isLooking = false;
  #isStopped = false;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#lanes = {
      tenants: new NotificationLane('tenants', options),
      devices: new NotificationLane('devices', options),
    };
    this.#stopLooking = every(options.clock, lookEveryMs, () => void this.#look());
    void this.#look();
  }

  get counts(): LaneCounts {
    const all = this.#all.map(({ counts }) => counts);
    const sum = (name: keyof LaneCounts): number => all.reduce((total, counts) => total + counts[name], 0);
    return { sent: sum('sent'), dropped: sum('dropped'), waiting: sum('waiting') };
  }

  /** Why notifications could not be sent at the latest try. `undefined`: they could. */
  get trouble(): 'not connected' | 'refused' | undefined {
    if (!this.#options.link.connected()) return 'not connected';
    return this.#all.some(({ isRefused }) => isRefused) ? 'refused' : undefined;
  }

  /** To be called after a change was committed. Never throws, and does not wait. */
  changed(change: StoredChange): void {
    this.#lanes[subjectOf(change)].ask();
  }

  /** To be called when sending to this address may succeed. */
  reachable(address: Notification['address']): void {
    for (const subject of changeSubjects) if (addressOf(subject) === address) this.#lanes[subject].wake();
  }

  /** Resolves once all published changes are sent, or dropped, or left to another replica. */
  async drained(): Promise<void> {
    await Promise.all(this.#all.map((lane) => lane.drained()));
  }

  /** Stops. Waiting changes are sent after the next start, or by another replica. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopLooking();
    for (const lane of this.#all) lane.stop();
    await this.drained();
    await this.#contained(() => this.#options.outbox.giveTurn());
  }

  get #all(): readonly NotificationLane[] {
    return Object.values(this.#lanes);
  }

  async #look(): Promise<void> {
    if (this.#isLooking || this.#isStopped) return;
    this.#isLooking = true;
    await this.#contained(async () => {
      for (const lane of this.#all) await lane.look();
    });
    this.#isLooking = false;
  }

  /** Ignores outages of the database: they are reported elsewhere, and the work is tried again. */
  async #contained(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) this.#options.failed('notifications', error);
    }
  }
}
