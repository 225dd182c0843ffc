import type { Socket } from 'node:net';
import { afterReading } from '@rollcall/adapter-kit/arrival';
import type { Clock } from '@rollcall/core/environment';

/** Limits the time that a device takes for one step, such as its login. */
export class StepTimer {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #onLate: () => void;
  #disarm = (): void => {};

  /** @param onLate is called once what arrived while this process was busy has been read, and was no step either. */
  constructor(socket: Socket, clock: Clock, onLate: () => void) {
    this.#socket = socket;
    this.#clock = clock;
    this.#onLate = onLate;
  }

  /** The next step begins. A step that was awaited before is not awaited any more. */
  start(limitMs: number): void {
    this.stop();
    if (this.#socket.destroyed) return;
    this.#disarm = afterReading(this.#clock, limitMs, this.#onLate);
  }

  stop(): void {
    this.#disarm();
  }
}
