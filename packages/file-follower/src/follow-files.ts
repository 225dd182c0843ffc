import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import { lookAtFile, lookAtFiles, type SeenFile } from './file-signature.ts';
import { settle, settleMs, type Settling } from './settle.ts';

/**
 * How often the files are looked at. A look is one call of the operating system for each file. It goes through all links on the
 * path, and works on every file system: neither files that change beside them nor a limit of watches can get in its way.
 */
const lookEveryMs = 500;

export interface FollowOptions {
  /** Files that belong together, such as a key and its certificate: they have settled when the last of them has. */
  readonly files: readonly string[];
  readonly clock: Clock;
  /** The signature of the files when they were last read. */
  readonly read: string;
  /** Called with each look. Never rejects. */
  seen(file: SeenFile): Promise<void>;
  /** Called with each look at files that have been written to for more than a minute. */
  unsettled(): void;
  /**
   * Called when the files changed and have settled. Resolves with their signature when they were read, or with how long to wait
   * until they are tried again. Never rejects.
   */
  readNow(): Promise<{ readonly signature: string } | { readonly againInMs: number }>;
}

export interface Follower {
  /** Looks at once. Files that were to be tried again later are tried now, but only if they have settled. */
  lookNow(): void;
  stop(): void;
}

/** Looks at files again and again, whatever happens, until it is stopped. */
export function followFiles(options: FollowOptions): Follower {
  const { files, clock } = options;
  let phase: 'waiting' | 'looking' | 'stopped' = 'waiting';
  let known: Settling = {
    read: options.read,
    seen: options.read,
    since: clock.monotonic(),
    changedAt: undefined,
  };
  let notBefore = clock.monotonic();
  let disarm = (): void => {};
  const isStopped = (): boolean => phase === 'stopped';

  async function look(): Promise<void> {
    const seen = await lookAtFiles(files);
    if (isStopped()) return;
    await options.seen(seen);
    if (isStopped() || seen.status === 'away') return;
    const { state, verdict } = settle(known, seen.signature, clock.monotonic());
    known = state;
    if (verdict === 'unsettled') options.unsettled();
    if (verdict !== 'read-now' || clock.monotonic() < notBefore) return;
    const result = await options.readNow();
    if ('signature' in result) known = { ...known, read: result.signature };
    else notBefore = later(clock.monotonic(), result.againInMs);
  }

  function startLook(): void {
    phase = 'looking';
    void look().finally(() => {
      if (!isStopped()) waitForNextLook();
    });
  }

  function waitForNextLook(): void {
    phase = 'waiting';
    disarm = clock.at(later(clock.monotonic(), lookEveryMs), startLook);
  }
  waitForNextLook();

  return {
    lookNow() {
      notBefore = clock.monotonic();
      // During a look, the next one is soon enough.
      if (phase !== 'waiting') return;
      disarm();
      startLook();
    },
    stop() {
      phase = 'stopped';
      disarm();
    },
  };
}

/**
 * Resolves once the file has not changed for a second: by its own modification time, or as long as it was looked at.
 *
 * @param unsettled called after a minute, and then with each look.
 */
export async function whenSettled(file: string, clock: Clock, unsettled: () => void): Promise<SeenFile> {
  let state: Settling = { read: undefined, seen: undefined, since: clock.monotonic(), changedAt: undefined };
  for (;;) {
    const seen = await lookAtFile(file);
    if (seen.status === 'away') return seen;
    // A modification time in the future says nothing.
    const settled = settle(
      state,
      seen.signature,
      clock.monotonic(),
      Math.max(0, clock.now() - seen.modifiedAt),
    );
    ({ state } = settled);
    if (settled.verdict === 'read-now') return seen;
    if (settled.verdict === 'unsettled') unsettled();
    await sleepUntil(
      clock,
      later(clock.monotonic(), Math.min(lookEveryMs, settleMs - (clock.monotonic() - state.since))),
    );
  }
}

function sleepUntil(clock: Clock, instant: Instant): Promise<void> {
  return new Promise((resolve) => clock.at(instant, resolve));
}
