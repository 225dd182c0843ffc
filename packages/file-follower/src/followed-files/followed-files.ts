import { readFile } from 'node:fs/promises';
import { followFiles, lookAtFiles, unreadable } from '@rollcall/file-follower';
import type { Clock, Instant, Log, Timestamp } from '@rollcall/core';

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
  const followed: ReturnType<typeof followSet>[] = [];
  return {
    follow: (set) => void followed.push(followSet(set, clock, log)),
    lookNow() {
      for (const each of followed) each.lookNow();
    },
    states: () => followed.map(({ state }) => state()),
    stop() {
      for (const each of followed.splice(0)) each.stop();
    },
  };
}

function followSet(set: FollowedSet, clock: Clock, log: Log) {
  const { name, files } = set;
  let { expiresAt } = set;
  let usedSignature: string | undefined;
  let wrong: { readonly problem: string; readonly since: Instant } | undefined;
  let told: string | undefined;
  let isExpiryTold = false;

  function isWrong(problem: string): void {
    if (wrong?.problem !== problem) wrong = { problem, since: clock.monotonic() };
    if (told === problem || clock.monotonic() - wrong.since < patienceMs) return;
    told = problem;
    log.error(
      { listener: name, files, problem },
      'changed certificate or secret is not used, the old one stays in use',
    );
  }

  function isRight(): void {
    if (told !== undefined) log.info({ listener: name, files }, 'what is in the files is in use again');
    wrong = told = undefined;
  }

  function isExpired(): boolean {
    return expiresAt !== undefined && expiresAt <= clock.now();
  }

  function tellExpiry(): void {
    if (!isExpired() || isExpiryTold) return;
    isExpiryTold = true;
    log.error({ listener: name, files, expiresAt: isoTime(expiresAt) }, 'the certificate in use has expired');
  }

  function use(texts: readonly string[], signature: string): void {
    const used = set.use(texts);
    usedSignature = signature;
    if (!used.changed) {
      isRight();
      return;
    }
    ({ expiresAt } = used);
    wrong = told = undefined;
    isExpiryTold = false;
    log.info(
      { listener: name, files, ...(expiresAt !== undefined && { expiresAt: isoTime(expiresAt) }) },
      'new certificate or secret is in use; whoever is connected stays',
    );
  }

  async function readNow(): Promise<{ readonly signature: string } | { readonly againInMs: number }> {
    try {
      const before = await lookAtFiles(files);
      if (before.status === 'away') throw new Error(before.problem);
      const texts = await Promise.all(files.map(readText));
      const after = await lookAtFiles(files);
      if (after.status === 'away' || after.signature !== before.signature) return { againInMs: 0 };
      use(texts, before.signature);
      return { signature: before.signature };
    } catch (error) {
      isWrong(error instanceof Error ? error.message : String(error));
      return { againInMs };
    }
  }

  tellExpiry();
  const { stop, lookNow } = followFiles({
    files,
    clock,
    // It may have changed since it was read for the first time.
    read: '',
    readNow,
    async seen(seen) {
      tellExpiry();
      if (seen.status === 'away') isWrong(seen.problem);
      else if (seen.signature === usedSignature) isRight();
    },
    unsettled: () => isWrong('is written to without end'),
  });

  return {
    stop,
    lookNow,
    state: (): FollowedState => ({
      name,
      current: wrong === undefined && !isExpired(),
      ...(expiresAt !== undefined && { expiresAt }),
    }),
  };
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
