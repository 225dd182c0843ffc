import { sleep, type Clock, type Log } from '@rollcall/core/environment';
import type { FleetSight } from '@rollcall/core/directory';
import type { Tallies } from '../state/tallies.ts';
import type { Asker } from './asker.ts';
import type { FleetFacts } from './renewal.ts';

/** What an answer of the engine says that was not known before it. */
interface News {
  /** Nothing answered before this. */
  readonly wasAway: boolean;
  /** The engine lost all it had, or another one answers by now. */
  readonly isAnotherFleet: boolean;
  /** A question had no answer meanwhile. */
  readonly mayHaveMissed: boolean;
}

/** Whether the engine answers this instance, and what is logged when that changes. */
export class Touch {
  readonly #asker: Asker;
  readonly #log: Log;
  readonly #tallies: Tallies;
  readonly #clock: Clock;
  #fleetName: string | undefined;
  #sight: FleetSight | undefined;
  #lastCause = 'no answer';
  #onAnswer = (): void => {};
  /** What is lost from then on is not told. */
  isClosing = false;

  constructor(asker: Asker, log: Log, tallies: Tallies, clock: Clock) {
    this.#asker = asker;
    this.#log = log;
    this.#tallies = tallies;
    this.#clock = clock;
  }

  get sight(): FleetSight | undefined {
    return this.#asker.inTouch ? this.#sight : undefined;
  }

  /** Resolves when the engine has answered, or did not answer in time. */
  async firstAnswer(withinMs: number): Promise<void> {
    const answered = new Promise<void>((resolve) => (this.#onAnswer = resolve));
    if (this.#asker.inTouch) return;
    await Promise.race([answered, sleep(this.#clock, withinMs)]);
    if (!this.#asker.inTouch) this.#tellAway(this.#lastCause);
  }

  /** The engine answered a sign of life. @returns what is new. */
  answered({ fleetName, instances, answerMs }: FleetFacts): News | undefined {
    const asker = this.#asker;
    const { mayHaveMissed } = asker;
    const isAnotherFleet = this.#fleetName !== fleetName;
    const wasAway = !asker.inTouch;
    this.#fleetName = fleetName;
    this.#sight = { instances, answerMs };
    if (!wasAway && !isAnotherFleet) return undefined;
    asker.inTouch = true;
    asker.mayHaveMissed = false;
    if (wasAway) this.#log.info({ instances }, 'connection directory answers');
    this.#onAnswer();
    return { wasAway, isAnotherFleet, mayHaveMissed };
  }

  /** Some answers will not come. */
  lostAnswers(cause: string): void {
    this.#asker.missed();
    this.lost(cause);
  }

  lost(cause: string): void {
    this.#lastCause = cause;
    if (!this.#asker.inTouch || this.isClosing) return;
    this.#asker.inTouch = false;
    this.#tallies.outages += 1;
    this.#tellAway(cause);
  }

  #tellAway(cause: string): void {
    this.#log.warn({ cause }, 'connection directory is away: devices are served without it');
  }
}
