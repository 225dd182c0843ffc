import type { Place } from '../journal/journal.ts';

interface Relay {
  sinksLeft: number;
  /** How many sinks have it, or refused it finally. */
  confirmed: number;
  readonly sinks: number;
  readonly done: (isConfirmed: boolean) => void;
}

/** Relayed events whose confirmation a caller waits for. */
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

  /** The event does not wait for one of the sinks any more. */
  released(place: Place): void {
    const relay = this.#relays.get(place);
    if (!relay || (relay.sinksLeft -= 1) > 0) return;
    this.#relays.delete(place);
    relay.done(relay.confirmed === relay.sinks);
  }

  /** Ends all waits. */
  giveUp(): void {
    for (const { done } of this.#relays.values()) done(false);
    this.#relays.clear();
  }
}
