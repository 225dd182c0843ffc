import { later, type Clock, type Instant } from '@rollcall/core';
import { lookAtFile, lookAtFiles, type SeenFile } from './file-signature.ts';
import { settle, settleMs, type Settling } from './settle.ts';

/**
 * How often the file is looked at. A look is one call of the operating system, through all links on the file's path and on every
 * file system: nothing that is written beside the file, and no limit of watches, can get in its way.
 */
const lookEveryMs = 500;

export interface FollowOptions {
  /** Those that belong together, as a key and its certificate: they have settled when the last of them has. */
  readonly files: readonly string[];
  readonly clock: Clock;
  /** What it looked like when it was last read. */
  readonly read: string;
  /** It looks like this now. Never rejects. */
  seen(file: SeenFile): Promise<void>;
  /** It is written to for a minute and more. */
  unsettled(): void;
  /**
   * It changed, and has settled. Resolves with what it looked like when it was read, or with how long to wait until it is tried
   * again; never rejects.
   */
  readNow(): Promise<{ readonly signature: string } | { readonly againInMs: number }>;
}

export interface Follower {
  /** Looks at once, also at what was to be tried again later only. What has not settled yet must settle all the same. */
  lookNow(): void;
  stop(): void;
}

/** Looks at files again and again, whatever happens, until it is stopped. */
export function followFiles(options: FollowOptions): Follower {
  const { files, clock } = options;
  let state: Settling = {
    read: options.read,
    seen: options.read,
    since: clock.monotonic(),
    changedAt: undefined,
  };
  let notBefore = clock.monotonic();
  let isLooking = false;
  let stopped = false;
  let disarm = (): void => {};

  async function look(): Promise<void> {
    const seen = await lookAtFiles(files);
    if (stopped) return;
    await options.seen(seen);
    if (stopped) return;
    if (seen.status === 'away') return;
    const settled = settle(state, seen.signature, clock.monotonic());
    ({ state } = settled);
    if (settled.verdict === 'unsettled') options.unsettled();
    if (settled.verdict !== 'read-now' || clock.monotonic() < notBefore) return;
    const result = await options.readNow();
    if ('signature' in result) state = { ...state, read: result.signature };
    else notBefore = later(clock.monotonic(), result.againInMs);
  }

  function lookAgain(): void {
    isLooking = true;
    void look().finally(() => {
      isLooking = false;
      lookSoon();
    });
  }

  function lookSoon(): void {
    if (!stopped) disarm = clock.at(later(clock.monotonic(), lookEveryMs), lookAgain);
  }
  lookSoon();

  return {
    lookNow() {
      notBefore = clock.monotonic();
      // Else the next look is soon enough.
      if (stopped || isLooking) return;
      disarm();
      lookAgain();
    },
    stop() {
      stopped = true;
      disarm();
    },
  };
}

/**
 * Resolves with the file once it has not changed for a second, as far as its own time says, or looking at it does.
 *
 * @param unsettled called after a minute, and then with each look.
 */
export async function whenSettled(file: string, clock: Clock, unsettled: () => void): Promise<SeenFile> {
  let state: Settling = { read: undefined, seen: undefined, since: clock.monotonic(), changedAt: undefined };
  for (;;) {
    const seen = await lookAtFile(file);
    if (seen.status === 'away') return seen;
    // A time in the future says nothing.
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
