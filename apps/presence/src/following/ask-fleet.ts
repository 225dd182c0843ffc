import { every, later, type Clock, type Log } from '@rollcall/core/environment';
import type { AskForAnnouncements } from '@rollcall/core/directory';

export interface AskFleetOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly ask: AskForAnnouncements;
  /** A name for what the database lacks: adapters announce once for each name. `undefined`: it lacks nothing. */
  missing(): string | undefined;
  /** Whether events arrive: earlier announcements would be lost. */
  isAttached(): boolean;
}

const lookEveryMs = 1_000;
/** How long to wait after a request failed. */
const againAfterMs = 30_000;

/**
 * Makes the adapters of a fleet announce their open connections if this database begins empty, or is older than the stream. Asks
 * once, and again while there is no answer, until everything was announced anyway. The result ends that.
 */
export function askFleet(options: AskFleetOptions): () => void {
  const { clock } = options;
  let isBusy = false;
  let mayAskAt = clock.monotonic();

  async function look(): Promise<void> {
    const name = options.missing();
    if (name === undefined) {
      end();
      return;
    }
    if (isBusy || !options.isAttached() || clock.monotonic() < mayAskAt) return;
    isBusy = true;
    const waitMs = await askOnce(options, name);
    isBusy = false;
    if (waitMs === undefined) end();
    else mayAskAt = later(clock.monotonic(), waitMs);
  }
  const end = every(clock, lookEveryMs, () => void look());
  return end;
}

/** @returns in how many ms to ask again; `undefined`: the fleet was asked. */
async function askOnce({ ask, log }: AskFleetOptions, name: string): Promise<number | undefined> {
  try {
    // All replicas ask with the same name, and the fleet announces once for each name.
    const outcome = await ask(name);
    if (outcome.status === 'too-soon') return outcome.leftMs;
    log.info({}, 'the adapters of the fleet were asked to announce what is open');
    return undefined;
  } catch (error) {
    log.warn(
      { cause: error instanceof Error ? error.message : String(error) },
      'the adapters of the fleet could not be asked to announce what is open: it is tried again',
    );
    return againAfterMs;
  }
}
