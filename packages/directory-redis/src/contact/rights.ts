import type { Instant } from '@rollcall/core';
import type { DirectoryContext } from '@rollcall/core/directory';
import { checkRights } from '../scripts/check-rights.ts';
import type { KeyNames } from '../wire/key-names.ts';
import type { Asker } from './asker.ts';

/** For how long messages may not arrive before that counts as refused: a connection that was lost comes back sooner. */
const unheardWithinMs = 5_000;

interface RightsOptions {
  readonly asker: Pick<Asker, 'ask'>;
  readonly keys: KeyNames;
  readonly context: Pick<DirectoryContext, 'clock' | 'log'>;
  /** What was refused before is permitted now. */
  permitted(): void;
}

/**
 * Whether the engine lets this instance do all that a fleet needs. If it does not, its answers alone do not show that: nothing is heard of
 * a takeover, or the dead are not found.
 */
export class Rights {
  readonly #options: RightsOptions;
  #refused: readonly string[] = [];
  #toCheck = true;
  #unheardSince: Instant | undefined;
  #whyUnheard: string | undefined;
  #told = '';

  constructor(options: RightsOptions) {
    this.#options = options;
    this.#unheardSince = options.context.clock.monotonic();
  }

  /** Whether messages of the engine arrive. */
  get hears(): boolean {
    return this.#unheardSince === undefined;
  }

  get isRestricted(): boolean {
    return this.#refused.length > 0 || this.#isUnheard;
  }

  subscribed(): void {
    this.#unheardSince = undefined;
    this.#whyUnheard = undefined;
  }

  /** @param cause why the engine refused that, if it did. */
  unsubscribed(cause?: string): void {
    this.#unheardSince ??= this.#options.context.clock.monotonic();
    this.#whyUnheard = cause ?? this.#whyUnheard;
  }

  /** Another engine may answer. The connection for messages comes back a moment later than the one for commands. */
  answersAgain(): void {
    this.doubt();
    if (!this.hears) this.#unheardSince = this.#options.context.clock.monotonic();
  }

  /** The engine refused something: all is checked with the next sign of life. */
  doubt(): void {
    this.#toCheck = true;
  }

  /** To be called with each sign of life. */
  async look(): Promise<void> {
    if (this.#toCheck || this.#refused.length > 0) await this.#check();
    this.#tell();
  }

  get #isUnheard(): boolean {
    const { clock } = this.#options.context;
    if (this.#unheardSince === undefined) return false;
    return this.#whyUnheard !== undefined || clock.monotonic() - this.#unheardSince > unheardWithinMs;
  }

  async #check(): Promise<void> {
    const { asker, keys } = this.#options;
    this.#toCheck = false;
    const reply = await asker.ask(checkRights, keys.probes, [`${keys.channels}probe`]);
    if (reply.status === 'answer' && Array.isArray(reply.value)) this.#refused = reply.value.map(String);
    else this.#toCheck = true;
  }

  #tell(): void {
    const refused = [...this.#refused, ...(this.#isUnheard ? ['subscribe'] : [])].join(', ');
    if (refused === this.#told) return;
    this.#told = refused;
    const { context, permitted } = this.#options;
    if (refused !== '') {
      context.log.warn(
        { refused, cause: this.#whyUnheard },
        'connection directory refuses what a fleet needs',
      );
      return;
    }
    context.log.info({}, 'connection directory permits all that a fleet needs');
    permitted();
  }
}
