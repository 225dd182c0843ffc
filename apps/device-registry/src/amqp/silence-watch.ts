import { later, type Clock } from '@rollcall/core/environment';

/** Reports when a peer has sent nothing for too long. */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #tooLong: () => void;
  #heardAt: number;
  #disarm: () => void;

  constructor(clock: Clock, limitMs: number, tooLong: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#tooLong = tooLong;
    this.#heardAt = clock.monotonic();
    this.#disarm = this.#arm(limitMs);
  }

  heard(): void {
    this.#heardAt = this.#clock.monotonic();
  }

  stop(): void {
    this.#disarm();
  }

  #arm(inMs: number): () => void {
    return this.#clock.at(later(this.#clock.monotonic(), inMs), () => {
      const leftMs = this.#heardAt + this.#limitMs - this.#clock.monotonic();
      if (leftMs > 0) this.#disarm = this.#arm(leftMs);
      else this.#tooLong();
    });
  }
}
