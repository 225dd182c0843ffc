import { createMinuteGate } from '@rollcall/containment';
import { every, type Clock, type Log } from '@rollcall/core/environment';
import type { ChangeNotifications } from '@rollcall/core/registry';
import { readNotification, type Notification } from './read-notification.ts';

/** The topics of a registry's notifications. */
const topics = ['registry-tenant', 'registry-device'] as const;
type Topic = (typeof topics)[number];

export interface HeardChangesOptions {
  /** `undefined`: there is no way to get notifications. */
  readonly notifications: ChangeNotifications | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** How often, while notifications do not arrive, everything counts as perhaps changed. */
  readonly doubtEveryMs: number;
  changed(notification: Notification): void;
  /** Notifications arrive again, or for the first time: earlier answers may be wrong. */
  heardAgain(): void;
  /** Notifications have not arrived for a while. */
  stillDeaf(): void;
}

/** Listens to notifications of changes, and knows when they do not arrive. */
export class HeardChanges {
  readonly #options: HeardChangesOptions;
  readonly #attached = new Set<Topic>();
  readonly #unreadable;
  readonly #stopWatch: () => void;
  #isStopped = false;

  constructor(options: HeardChangesOptions) {
    this.#options = options;
    const { notifications, clock, log, doubtEveryMs } = options;
    this.#unreadable = createMinuteGate(clock);
    this.#stopWatch = every(clock, doubtEveryMs, () => {
      if (this.hears !== true) options.stillDeaf();
    });
    if (!notifications)
      log.warn({}, 'changes of the device registry are not heard: no messaging network tells them');
    for (const topic of topics)
      notifications?.listen(topic, {
        heard: (body) => this.#heard(topic, body),
        attachedChanged: (attached) => this.#attachedChanged(topic, attached),
      });
  }

  /** Whether notifications arrive now; `undefined`: there is no way to get them. */
  get hears(): boolean | undefined {
    return this.#options.notifications && this.#attached.size === topics.length;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopWatch();
    await this.#options.notifications?.close();
  }

  #heard(topic: Topic, body: Uint8Array | undefined): void {
    if (this.#isStopped) return;
    const notification = readNotification(body);
    if (notification) return this.#options.changed(notification);
    const heldBack = this.#unreadable.pass();
    if (heldBack !== undefined)
      this.#options.log.warn(
        { topic, ...(heldBack > 0 && { alsoSinceLastLine: heldBack }) },
        'a change of the device registry cannot be read',
      );
    return undefined;
  }

  #attachedChanged(topic: Topic, attached: boolean): void {
    if (this.#isStopped) return;
    const heard = this.hears;
    if (attached) this.#attached.add(topic);
    else this.#attached.delete(topic);
    if (this.hears === heard) return;
    if (this.hears) this.#options.heardAgain();
    else this.#options.log.warn({}, 'changes of the device registry are not heard: it is asked again later');
  }
}
