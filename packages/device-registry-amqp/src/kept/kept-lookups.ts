import type { Clock } from '@rollcall/core/environment';
import type { RegistryService } from '@rollcall/core/registry';
import type { Asked, Failed, Question, ServiceAnswer } from '../asking/question.ts';
import { keepForMs } from './keep-for.ts';
import { KeptAnswers } from './kept-answers.ts';

/** How many bytes the kept answers of one service take at most. */
const maxBytes = 64 * 1_024 * 1_024;

/** Subjects that are remembered while questions are under way. */
const maxDropped = 1_000;

/** Asks a service. */
export interface Asker {
  ask(question: Question, owner: string): Promise<Asked>;
  figures(): Pick<RegistryService, 'name' | 'reachable' | 'outstanding' | 'outcomes'>;
}

/** The meaning of an answer. */
export type Understood<Value> =
  | {
      readonly status: 'found';
      readonly value: Value;
      /** What it is about, see `KeptAnswers`. */
      readonly about: readonly string[];
      /** It was kept, and may not be true any more. */
      readonly doubtful?: true;
    }
  /** Answers that are not kept. */
  | { readonly status: 'not-found' | 'not-authorized' }
  | { readonly status: 'failed'; readonly failed: Failed };

export interface KeepLimits {
  readonly maxKept: number;
  readonly keepSeconds: number;
}

interface UnderWay<Value> {
  readonly result: Promise<Understood<Value>>;
  /** How often something was dropped before. */
  readonly since: number;
}

/** Looks up what one service knows: from kept answers, or else by asking. Equal questions at the same time are asked once. */
export class KeptLookups<Value> {
  readonly #asker: Asker;
  readonly #kept: KeptAnswers<Understood<Value>>;
  readonly #keepSeconds: number;
  readonly #underWay = new Map<string, UnderWay<Value>>();
  /** How often something was dropped: an answer that was under way at a change may be older than the change. */
  #drops = 0;
  /** Questions under way, also those that were asked again since. */
  #asking = 0;
  /** What was dropped while questions are under way, with the count of drops then. */
  readonly #dropped = new Map<string, number>();
  /** Up to this count, everything was dropped. */
  #droppedAll = 0;
  #keptUses = 0;

  constructor(asker: Asker, clock: Clock, { maxKept, keepSeconds }: KeepLimits) {
    this.#asker = asker;
    this.#kept = new KeptAnswers(clock, maxKept, maxBytes);
    this.#keepSeconds = keepSeconds;
  }

  /**
   * @param key equal for equal questions.
   * @param owner whose turn a question takes.
   * @param understand what an answer of the service says.
   */
  lookUp(
    key: string,
    owner: string,
    question: () => Question,
    understand: (answer: ServiceAnswer) => Understood<Value>,
  ): Promise<Understood<Value>> {
    const kept = this.#kept.certain(key);
    if (kept) {
      this.#keptUses += 1;
      return Promise.resolve(kept);
    }
    const underWay = this.#underWay.get(key);
    if (underWay?.since === this.#drops) return underWay.result;
    this.#asking += 1;
    const begun: UnderWay<Value> = {
      since: this.#drops,
      result: this.#ask(key, owner, question, understand).finally(() => {
        if (this.#underWay.get(key) === begun) this.#underWay.delete(key);
        this.#asking -= 1;
        if (this.#asking === 0) this.#dropped.clear();
      }),
    };
    this.#underWay.set(key, begun);
    return begun.result;
  }

  /** Drops the answers about this subject: they are not true any more. */
  drop(subject: string): void {
    this.#drops += 1;
    this.#kept.dropAbout(subject);
    if (this.#asking === 0) return;
    this.#dropped.set(subject, this.#drops);
    if (this.#dropped.size > maxDropped) this.#dropEverything();
  }

  /** No kept answer may be true any more: each is asked for again. Only if that fails, a kept answer is used until it expires. */
  doubtAll(): void {
    this.#drops += 1;
    this.#kept.doubtAll();
    this.#dropEverything();
  }

  figures(): RegistryService {
    return { ...this.#asker.figures(), kept: this.#kept.size, keptUses: this.#keptUses };
  }

  async #ask(
    key: string,
    owner: string,
    question: () => Question,
    understand: (answer: ServiceAnswer) => Understood<Value>,
  ): Promise<Understood<Value>> {
    const since = this.#drops;
    const asked = await this.#asker.ask(question(), owner);
    if (asked.kind === 'failed') return this.#inNeed(key, asked);
    const understood = understand(asked);
    if (understood.status === 'failed') return this.#inNeed(key, understood.failed);
    // Something is known that is newer than an answer that was doubted.
    if (!this.#kept.certain(key)) this.#kept.drop(key);
    if (this.#isOutdated(understood, since)) return understood;
    if (understood.status === 'found')
      this.#kept.keep(key, understood, {
        forMs: keepForMs(asked.status, asked.cacheControl, this.#keepSeconds),
        about: understood.about,
        bytes: 2 * key.length + (asked.body?.length ?? 0),
      });
    else this.#kept.drop(key);
    return understood;
  }

  /** Whether a subject of the answer was dropped since it was asked for. */
  #isOutdated(understood: Understood<Value>, since: number): boolean {
    if (since === this.#drops) return false;
    if (understood.status !== 'found' || since < this.#droppedAll) return true;
    return understood.about.some((subject) => (this.#dropped.get(subject) ?? 0) > since);
  }

  #dropEverything(): void {
    this.#droppedAll = this.#drops;
    this.#dropped.clear();
  }

  /** A kept answer is better than none, to those who know what it is. */
  #inNeed(key: string, failed: Failed): Understood<Value> {
    const certain = this.#kept.certain(key);
    const kept = certain ?? this.#kept.atLeast(key);
    if (kept?.status !== 'found') return { status: 'failed', failed };
    this.#keptUses += 1;
    return certain ?? { ...kept, doubtful: true };
  }
}
