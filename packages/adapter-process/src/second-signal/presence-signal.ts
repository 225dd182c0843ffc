import type { Instant } from '@rollcall/core';
import { later, sleep, type Clock, type Log } from '@rollcall/core/environment';
import type { PublishingSignal } from '@rollcall/core/directory';
import { judgeAnswer, type HeardAnswer } from './judge-answer.ts';

export interface PresenceSignalOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The presence services: one that heard the instance is enough. */
  readonly urls: readonly string[];
  /** So long an answer is waited for, however often it is asked for. */
  readonly waitMs: number;
  /** Asks one service about one instance. Rejects where it does not answer; `until` aborts when nobody waits any more. */
  ask(url: string, instance: string, until: AbortSignal): Promise<HeardAnswer>;
}

type State = 'publishes' | 'silent' | 'unknown';

/** How soon a service that could not say is asked again. */
const askAgainMs = 300;
/** What is said in the log is not said again so soon. */
const saidForMs = 60_000;

/**
 * The second signal of a fleet: what presence services heard. Where none of them can say, within the time that there is, signs of life
 * alone decide, as without them: else an adapter that died while they are away would be told by nobody.
 */
export class PresenceSignal implements PublishingSignal {
  readonly #options: PresenceSignalOptions;
  /** Until when something is not said again, by instance; '' for the services. */
  readonly #said = new Map<string, Instant>();

  constructor(options: PresenceSignalOptions) {
    this.#options = options;
  }

  async stateOf(instance: string, withinMs: number): Promise<'publishes' | 'silent'> {
    const { clock, log, urls, waitMs } = this.#options;
    const over = new AbortController();
    const why = new Map<string, string>();
    const disarm = clock.at(later(clock.monotonic(), waitMs), () => over.abort());
    const states = urls.map((url) => this.#untilKnown({ url, instance, withinMs, until: over.signal, why }));
    const state = await decided(states);
    disarm();
    over.abort();
    if (state === 'publishes' && this.#maySay(instance))
      log.warn(
        { instance },
        'an instance of the fleet gives no sign of life, but still publishes: it is not declared dead',
      );
    if (state === 'unknown' && this.#maySay(''))
      log.warn(
        { instance, presence: Object.fromEntries(why) },
        'no presence service could say whether an instance still publishes: signs of life alone decide',
      );
    return state === 'publishes' ? 'publishes' : 'silent';
  }

  /** Asks one service until it can say, or nobody waits any more. */
  async #untilKnown(asked: {
    readonly url: string;
    readonly instance: string;
    readonly withinMs: number;
    readonly until: AbortSignal;
    readonly why: Map<string, string>;
  }): Promise<State> {
    const { clock, ask } = this.#options;
    const { url, instance, withinMs, until, why } = asked;
    why.set(url, 'did not answer in time');
    while (!until.aborted) {
      try {
        const answer = await whileWaited(ask(url, instance, until), until);
        if (answer === undefined) break;
        const state = judgeAnswer(answer, withinMs);
        if (state !== 'unknown') return state;
        why.set(url, 'has not read the stream so far yet');
      } catch (error) {
        why.set(url, error instanceof Error ? error.message : String(error));
      }
      await whileWaited(sleep(clock, askAgainMs), until);
    }
    return 'unknown';
  }

  #maySay(what: string): boolean {
    const now = this.#options.clock.monotonic();
    for (const [each, until] of this.#said) if (until <= now) this.#said.delete(each);
    if (this.#said.has(what)) return false;
    this.#said.set(what, later(now, saidForMs));
    return true;
  }
}

/** Who publishes is known from one; that nobody heard it, once all have said what they can. */
async function decided(states: readonly Promise<State>[]): Promise<State> {
  const found = states.map(async (state) => {
    if ((await state) === 'publishes') return 'publishes' as const;
    throw new Error('not this one');
  });
  try {
    return await Promise.any(found);
  } catch {
    const all = await Promise.all(states);
    return all.includes('silent') ? 'silent' : 'unknown';
  }
}

/** @returns `undefined` once nobody waits for it any more. */
function whileWaited<Value>(value: Promise<Value>, until: AbortSignal): Promise<Value | undefined> {
  if (until.aborted) {
    value.catch(() => {});
    return Promise.resolve(undefined);
  }
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    until.addEventListener('abort', stop, { once: true });
    value.then(resolve, reject).finally(() => until.removeEventListener('abort', stop));
  });
}
