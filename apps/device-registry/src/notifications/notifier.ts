import type { Clock } from '@rollcall/core';
import type { StoredChange } from '../store/registry-write.ts';
import { NotificationLane, type LaneCounts, type LaneOptions } from './notification-lane.ts';
import { notificationOf, type Notification } from './notification.ts';

export interface NotifierOptions extends LaneOptions {
  readonly clock: Clock;
}

/**
 * Tells subscribers of changes. Each address has its own lane: where no one listens to changes of tenants, those of devices are told
 * all the same.
 */
export class Notifier {
  readonly #clock: Clock;
  readonly #lanes: Readonly<Record<Notification['address'], NotificationLane>>;

  constructor(options: NotifierOptions) {
    this.#clock = options.clock;
    this.#lanes = {
      'notification/registry-tenant': new NotificationLane(options),
      'notification/registry-device': new NotificationLane(options),
    };
  }

  get counts(): LaneCounts {
    const all = Object.values(this.#lanes).map(({ counts }) => counts);
    const sum = (name: keyof LaneCounts): number => all.reduce((total, counts) => total + counts[name], 0);
    return { sent: sum('sent'), dropped: sum('dropped'), waiting: sum('waiting') };
  }

  /** Never throws, and takes no time of the caller. */
  publish(change: StoredChange): void {
    const notification = notificationOf(change, this.#clock.now());
    this.#lanes[notification.address].push(notification);
  }

  /** What goes to this address may arrive now. */
  reachable(address: Notification['address']): void {
    this.#lanes[address].wake();
  }

  /** Resolves once all that was published is sent, or dropped. */
  async drained(): Promise<void> {
    await Promise.all(Object.values(this.#lanes).map((lane) => lane.drained()));
  }

  /** Drops what waits. */
  stop(): void {
    for (const lane of Object.values(this.#lanes)) lane.stop();
  }
}
