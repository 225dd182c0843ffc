import type { Clock } from '@rollcall/core/environment';
import type { Engine, EngineListener, OpenEngine } from '../engine/engine.ts';

/** Freezes the clock and the engine of a directory, as if its process stood still. */
export class Freezer {
  #frozen = false;
  #held: (() => void)[] = [];
  #cutOff = false;
  #isDeaf = false;
  #listeners = new Set<EngineListener>();

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    for (const go of this.#held.splice(0)) go();
  }

  /** The engine does not answer until it is restored. */
  cutOff(): void {
    this.#cutOff = true;
    for (const listener of this.#listeners) listener.commandsLost(new Error('cut off'));
  }

  /** The engine gets commands, but its answers are lost until the result is called. */
  deafen(): () => void {
    this.#isDeaf = true;
    return () => (this.#isDeaf = false);
  }

  restore(): void {
    this.#cutOff = false;
    for (const listener of this.#listeners) {
      listener.subscribed();
      listener.commandsReady();
    }
  }

  /** Calls `go` now, or once the process goes on. */
  run(go: () => void): void {
    if (this.#frozen) this.#held.push(go);
    else go();
  }

  /** Timers ring late; the time of the clock goes on. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      at: (deadline, wake) => {
        let armed = true;
        const disarm = clock.at(deadline, () =>
          this.run(() => {
            if (armed) wake();
          }),
        );
        return () => {
          armed = false;
          disarm();
        };
      },
    };
  }

  /** Answers and messages arrive late. */
  engine(open: OpenEngine): OpenEngine {
    return (listener, channel) => this.#wrapped(open(this.#listener(listener), channel));
  }

  #listener(listener: EngineListener): EngineListener {
    this.#listeners.add(listener);
    return {
      commandsReady: () => this.run(() => listener.commandsReady()),
      commandsLost: (cause) => this.run(() => listener.commandsLost(cause)),
      subscribed: () => this.run(() => listener.subscribed()),
      unsubscribed: (refusal) => this.run(() => listener.unsubscribed?.(refusal)),
      published: (message) => this.run(() => (this.#cutOff ? undefined : listener.published(message))),
    };
  }

  #wrapped(engine: Engine): Engine {
    const later = <Value>(work: Promise<Value>): Promise<Value> =>
      new Promise((resolve, reject) => {
        const isDeaf = this.#isDeaf;
        work.then(
          (value) => this.run(() => (isDeaf ? reject(new Error('no answer')) : resolve(value))),
          (error: unknown) => this.run(() => reject(error)),
        );
      });
    const ask = <Value>(question: () => Promise<Value>): Promise<Value> =>
      this.#cutOff ? Promise.reject(new Error('cut off')) : later(question());
    return {
      run: (...args) => ask(() => engine.run(...args)),
      read: (...args) => ask(() => engine.read(...args)),
      publish: (...args) => ask(() => engine.publish(...args)),
      info: (...args) => ask(() => engine.info(...args)),
      listenTo: (channel) => engine.listenTo(channel),
      close: () => engine.close(),
    };
  }
}
