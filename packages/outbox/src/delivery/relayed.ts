import type { Place } from '../journal/journal.ts';

interface Relay {
  sinksLeft: number;
  /** Sinks that have it, or refused it finally. */
  confirmed: number;
  readonly sinks: number;
  readonly done: (isConfirmed: boolean) => void;
}

/** Events whose confirmation somebody waits for. */
export class Relayed {
  readonly #relays = new Map<Place, Relay>();

  /** @returns whether every sink has it, or refused it finally. */
  follow(place: Place, sinks: number): Promise<boolean> {
    return new Promise((done) => this.#relays.set(place, { sinksLeft: sinks, confirmed: 0, sinks, done }));
  }

  /** One sink has it, or refused it finally: {@link released} comes next. */
  confirmed(place: Place): void {
    const relay = this.#relays.get(place);
    if (relay) relay.confirmed += 1;
  }

  /** It does not wait for one of the sinks any more. */
  released(place: Place): void {
    const relay = this.#relays.get(place);
    if (!relay || (relay.sinksLeft -= 1) > 0) return;
    this.#relays.delete(place);
    relay.done(relay.confirmed === relay.sinks);
  }

  /** Nobody waits any more. */
  giveUp(): void {
    for (const { done } of this.#relays.values()) done(false);
    this.#relays.clear();
  }
}
