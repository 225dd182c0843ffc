import { createFailureReport, createMinuteGate, patientClock, type MinuteGate } from '@rollcall/containment';
import { TransportError } from '@rollcall/core';
import { sleep, type Clock } from '@rollcall/core/environment';
import { describeFailure } from './describe-failure.ts';
import { dial, type Dialled } from './dial.ts';
import { isLastingFailure } from './lasting-trouble.ts';
import type { LinkHost } from './link-host.ts';
import { defaultTimings, peerNameOf, type AmqpConnectionOptions } from './options.ts';
import { redialDelayMs } from './redial-delay.ts';
import { subscribe } from './subscribe.ts';

/** A connection that lasted this long counts as good: the next dial does not wait longer. */
const provenAfterMs = 1_000;

/** Connects, and connects again whenever the connection is lost, until it is closed. */
export class RedialledConnection implements LinkHost {
  readonly options: AmqpConnectionOptions;
  readonly patience: Clock;
  readonly #peer: string;
  /** Fields of each line in the log. */
  readonly #which: { readonly peer: string; readonly role?: string };
  readonly #closing = new AbortController();
  readonly #dialledListeners = new Set<() => void>();
  readonly #lostListeners = new Set<(cause: string) => void>();
  readonly #failed: (where: string, error: unknown) => void;
  readonly #ended: Promise<void>;
  #current: Dialled | undefined;
  #lastComplaint = '';
  /** Some networks refuse a link by ending the connection, every few seconds (RabbitMQ 3.10): such losses are logged once a minute. */
  readonly #losses: MinuteGate;
  /** Whether the latest line in the log says that there is no connection. */
  #isToldAway = true;

  constructor(options: AmqpConnectionOptions) {
    this.options = options;
    this.patience = patientClock(options.clock);
    this.#peer = `${options.host}:${options.port}`;
    const { role } = options;
    this.#which = { peer: this.#peer, ...(role !== undefined && { role }) };
    this.#failed = createFailureReport(options).failed;
    this.#losses = createMinuteGate(options.clock);
    this.#ended = this.#keepConnected();
  }

  current(): Dialled | undefined {
    return this.#current;
  }

  closed(): boolean {
    return this.#closing.signal.aborted;
  }

  onDialled(listener: () => void): () => void {
    const unsubscribe = subscribe(this.#dialledListeners, listener);
    if (this.#current) listener();
    return unsubscribe;
  }

  onLost(listener: (cause: string) => void): () => void {
    return subscribe(this.#lostListeners, listener);
  }

  /** Resolves once there is a connection; rejects when `signal` aborts or the connection is closed first. */
  whenConnected(signal?: AbortSignal): Promise<void> {
    const signals = signal ? [signal, this.#closing.signal] : [this.#closing.signal];
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        unsubscribe();
        for (const each of signals) each.removeEventListener('abort', giveUp);
      };
      const giveUp = (): void => {
        stop();
        reject(new TransportError(`no connection to the ${peerNameOf(this.options)}`));
      };
      let unsubscribe = (): void => {};
      unsubscribe = this.onDialled(() => {
        // The first call may come before `onDialled` returned.
        queueMicrotask(() => {
          stop();
          resolve();
        });
      });
      if (signals.some((each) => each.aborted)) giveUp();
      for (const each of signals) each.addEventListener('abort', giveUp, { once: true });
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#ended;
  }

  async #keepConnected(): Promise<void> {
    const { clock, random, redial = defaultTimings.redial } = this.options;
    let retries = 0;
    while (!this.closed()) {
      const dialled = await this.#dial();
      const since = clock.monotonic();
      if (dialled) await this.#useUntilLost(dialled);
      // A peer that ends each connection at once is also dialled with growing pauses.
      const isProven = dialled !== undefined && clock.monotonic() - since >= provenAfterMs;
      retries = isProven ? 1 : retries + 1;
      await sleep(clock, redialDelayMs(retries, random, redial), this.#closing.signal);
    }
    this.#tellLost('closed');
  }

  /** @returns `undefined` if it failed. */
  async #dial(): Promise<Dialled | undefined> {
    const { options } = this;
    try {
      const current = { ...options, ...options.renewed?.() };
      return await dial(current, this.patience, this.#failed, this.#closing.signal);
    } catch (error) {
      if (!this.closed()) this.#complain(error);
      return undefined;
    }
  }

  #complain(error: unknown): void {
    const { log } = this.options;
    const text = describeFailure(error, this.#peer, peerNameOf(this.options));
    // A cause that stays the same is logged once, not at every try.
    if (text !== this.#lastComplaint) log.warn(this.#which, text);
    this.#lastComplaint = text;
    this.#isToldAway = true;
    this.#contain(() => this.options.onDialFailed?.({ text, lasting: isLastingFailure(error) }));
  }

  async #useUntilLost(dialled: Dialled): Promise<void> {
    this.#lastComplaint = '';
    this.#current = dialled;
    this.#logDialled();
    this.#contain(() => this.options.onStateChange?.(true));
    for (const listener of this.#dialledListeners) this.#contain(listener);
    const cause = await Promise.race([
      dialled.lost,
      dialled.closed.then(() => 'closed'),
      aborted(this.#closing.signal),
    ]);
    this.#current = undefined;
    dialled.hangUp(this.closed(), cause);
    this.#tellLost(cause);
    this.#contain(() => this.options.onStateChange?.(false));
    if (this.closed()) await dialled.closed;
    else this.#logLost(cause);
  }

  #logDialled(): void {
    if (this.#isToldAway) this.options.log.info(this.#which, `connected to the ${peerNameOf(this.options)}`);
    this.#isToldAway = false;
  }

  /** Logs a loss at most once a minute, with the number of losses that were not logged. */
  #logLost(cause: string): void {
    const heldBack = this.#losses.pass();
    if (heldBack === undefined) return;
    this.#isToldAway = true;
    const facts = { ...this.#which, cause, ...(heldBack > 0 && { alsoSinceLastLine: heldBack }) };
    this.options.log.warn(facts, `connection to the ${peerNameOf(this.options)} lost`);
  }

  #tellLost(cause: string): void {
    for (const listener of this.#lostListeners) this.#contain(() => listener(cause));
  }

  /** If a listener throws, the other listeners are still called, and the connection is still dialled again. */
  #contain(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failed(peerNameOf(this.options), error);
    }
  }
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('closed');
    else signal.addEventListener('abort', () => resolve('closed'), { once: true });
  });
}
