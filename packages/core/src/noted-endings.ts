import type { Clock } from './clock.ts';
import type { ConnectedEvent, DisconnectedEvent } from './connection-event.ts';
import type { ConnectionId, Epoch, Instant } from './ids.ts';
import { isEndingUnconfirmed } from './slot-holder.ts';

interface NotedEnding {
  readonly event: ConnectedEvent;
  readonly ending: DisconnectedEvent;
  readonly at: Instant;
}

/** How long an ending is kept that is not known to be sent, and how many of one instance: the oldest goes first. */
const keptMs = 60_000;
const mostOfOne = 50_000;

/** What instances noted when their connections ended, and may not have sent: for a directory in memory. */
export class NotedEndings {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** By instance; in the order in which they were noted. */
  readonly #noted = new Map<string, Map<ConnectionId, NotedEnding>>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  note(instance: string, event: ConnectedEvent, ending: DisconnectedEvent): void {
    let noted = this.#noted.get(instance);
    if (!noted) this.#noted.set(instance, (noted = new Map()));
    const now = this.#clock.monotonic();
    noted.set(event.connectionId, { event, ending, at: now });
    for (const [connection, { at }] of noted) {
      if (now - at <= keptMs && noted.size <= mostOfOne) return;
      noted.delete(connection);
    }
  }

  /** The instance says which of its events may not be sent: see `DeclaredDeath.unconfirmedSince`. */
  confirmedBefore(instance: string, since: Epoch | undefined): void {
    for (const [connection, { ending }] of this.#noted.get(instance) ?? [])
      if (!isEndingUnconfirmed(ending, since)) this.delete(instance, connection);
  }

  of(instance: string): Iterable<Pick<NotedEnding, 'event' | 'ending'>> {
    return this.#noted.get(instance)?.values() ?? [];
  }

  countOf(instance: string): number {
    return this.#noted.get(instance)?.size ?? 0;
  }

  has(instance: string, connection: ConnectionId): boolean {
    return this.#noted.get(instance)?.has(connection) ?? false;
  }

  delete(instance: string, connection: ConnectionId): void {
    const noted = this.#noted.get(instance);
    if (noted?.delete(connection) && noted.size === 0) this.#noted.delete(instance);
  }

  /** It left in good order, or what it noted is safe elsewhere; absent: all of them. */
  forget(instance?: string): void {
    if (instance === undefined) this.#noted.clear();
    else this.#noted.delete(instance);
  }
}
