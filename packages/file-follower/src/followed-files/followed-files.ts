import { readFile } from 'node:fs/promises';
import type { Instant, Timestamp } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import { lookAtFiles, unreadable } from '../file-signature.ts';
import { followFiles } from '../follow-files.ts';

/** Files whose content is used, and may be replaced while it is. */
export interface FollowedSet {
  /** Of which listener, e.g. `mqtts`, or connection. */
  readonly name: string;
  readonly files: readonly string[];
  /** When the certificate that is used ceases to be valid; absent: there is none. */
  readonly expiresAt?: Timestamp;
  /**
   * Puts the content of the files, in their order, in the place of what is used.
   *
   * @throws Error that says why it cannot be used. What was used stays.
   */
  use(texts: readonly string[]): UsedFiles;
}

interface UsedFiles {
  /** Whether it is another one than before. */
  readonly changed: boolean;
  readonly expiresAt?: Timestamp;
}

export interface FollowedState {
  readonly name: string;
  readonly expiresAt?: Timestamp;
  /** What is in the files is what is used, and is valid. */
  readonly current: boolean;
}

export interface FollowedFiles {
  /** Once it is used for the first time. */
  follow(set: FollowedSet): void;
  /** Looks at all of them at once, those too that could not be used a moment ago. */
  lookNow(): void;
  states(): readonly FollowedState[];
  stop(): void;
}

/** What cannot be used is read again so soon: a key, and its certificate, may be written one after the other. */
const againInMs = 1_000;
/** What cannot be used for so long is told, once. */
const patienceMs = 2_000;
/** No key, chain of certificates or trust store is longer. */
const maxBytes = 4_000_000;

export function createFollowedFiles({
  clock,
  log,
}: {
  readonly clock: Clock;
  readonly log: Log;
}): FollowedFiles {
  const followed: Following[] = [];
  return {
    follow: (set) => void followed.push(new Following(set, clock, log)),
    lookNow() {
      for (const each of followed) each.lookNow();
    },
    states: () => followed.map(({ state }) => state),
    stop() {
      for (const each of followed.splice(0)) each.stop();
    },
  };
}

/** One set of files: what is in use of it, and what is wrong with what is in the files. */
class Following {
  readonly #set: FollowedSet;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #files: ReturnType<typeof followFiles>;
  #expiresAt: Timestamp | undefined;
  #usedSignature: string | undefined;
  /** Absent: what is in the files is in use, as far as is known. */
  #wrong: { readonly problem: string; readonly since: Instant } | undefined;
  #toldProblem: string | undefined;
  #isExpiryTold = false;

  constructor(set: FollowedSet, clock: Clock, log: Log) {
    this.#set = set;
    this.#clock = clock;
    this.#log = log;
    this.#expiresAt = set.expiresAt;
    this.#tellExpiry();
    this.#files = followFiles({
      files: set.files,
      clock,
      // It may have changed since it was read for the first time.
      read: '',
      readNow: () => this.#readNow(),
      seen: async (seen) => {
        this.#tellExpiry();
        if (seen.status === 'away') this.#isWrong(seen.problem);
        else if (seen.signature === this.#usedSignature) this.#isRight();
      },
      unsettled: () => this.#isWrong('is written to without end'),
    });
  }

  get state(): FollowedState {
    return {
      name: this.#set.name,
      current: this.#wrong === undefined && !this.#isExpired(),
      ...(this.#expiresAt !== undefined && { expiresAt: this.#expiresAt }),
    };
  }

  lookNow(): void {
    this.#files.lookNow();
  }

  stop(): void {
    this.#files.stop();
  }

  async #readNow(): Promise<{ readonly signature: string } | { readonly againInMs: number }> {
    const { files } = this.#set;
    try {
      const before = await lookAtFiles(files);
      if (before.status === 'away') throw new Error(before.problem);
      const texts = await Promise.all(files.map(readText));
      const after = await lookAtFiles(files);
      if (after.status === 'away' || after.signature !== before.signature) return { againInMs: 0 };
      this.#use(texts, before.signature);
      return { signature: before.signature };
    } catch (error) {
      this.#isWrong(error instanceof Error ? error.message : String(error));
      return { againInMs };
    }
  }

  #use(texts: readonly string[], signature: string): void {
    const used = this.#set.use(texts);
    this.#usedSignature = signature;
    if (!used.changed) {
      this.#isRight();
      return;
    }
    const { expiresAt } = used;
    this.#expiresAt = expiresAt;
    this.#wrong = this.#toldProblem = undefined;
    this.#isExpiryTold = false;
    this.#log.info(
      { ...this.#logged(), ...(expiresAt !== undefined && { expiresAt: isoTime(expiresAt) }) },
      'new certificate or secret is in use; open connections stay',
    );
  }

  #isWrong(problem: string): void {
    const now = this.#clock.monotonic();
    if (this.#wrong?.problem !== problem) this.#wrong = { problem, since: now };
    if (this.#toldProblem === problem || now - this.#wrong.since < patienceMs) return;
    this.#toldProblem = problem;
    this.#log.error(
      { ...this.#logged(), problem },
      'changed certificate or secret is not used, the old one stays in use',
    );
  }

  #isRight(): void {
    if (this.#toldProblem !== undefined)
      this.#log.info(this.#logged(), 'what is in the files is in use again');
    this.#wrong = this.#toldProblem = undefined;
  }

  #isExpired(): boolean {
    return this.#expiresAt !== undefined && this.#expiresAt <= this.#clock.now();
  }

  #tellExpiry(): void {
    if (!this.#isExpired() || this.#isExpiryTold) return;
    this.#isExpiryTold = true;
    const expiresAt = isoTime(this.#expiresAt);
    this.#log.error({ ...this.#logged(), expiresAt }, 'the certificate in use has expired');
  }

  #logged(): { readonly listener: string; readonly files: readonly string[] } {
    return { listener: this.#set.name, files: this.#set.files };
  }
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > maxBytes) throw new Error(`${file}: has more than ${maxBytes} bytes`);
    return bytes.toString();
  } catch (error) {
    throw error instanceof Error && 'code' in error ? new Error(unreadable(file, error)) : error;
  }
}

function isoTime(at: Timestamp | undefined): string {
  return new Date(at ?? 0).toISOString();
}
