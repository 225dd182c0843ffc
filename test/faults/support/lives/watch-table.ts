import { deviceRef } from '@rollcall/core';
import type { EventRecord } from '../record.ts';
import type { Fault } from './faults-of-lives.ts';
import { isLossUntold, journalWasLost } from './judge.ts';
import type { Life } from './life.ts';

/** A status that is false for so long, while all is well, is a difference. */
const settledMs = 4_000;
/** Longest that silence stays unnoticed, over every protocol. */
const silenceMs = 3_000;
const everyMs = 250;

export interface TableWatch {
  readonly samples: number;
  readonly problems: readonly string[];
  stop(): void;
}

/** Looks at the table all the time: a device that is there, or away, for a while must be shown so. */
export function watchTable(
  { table, events }: Pick<EventRecord, 'table' | 'events'>,
  lives: readonly Life[],
  faults: readonly Fault[],
  /** How long the table may be false, on this machine as busy as it is now. */
  patienceMs: () => number,
): TableWatch {
  const problems: string[] = [];
  const falseSince = new Map<string, number>();
  let samples = 0;

  function look(): void {
    const now = Date.now();
    for (const [device, mine] of Map.groupBy(lives, (life) => life.device)) {
      const life = mine.at(-1);
      const isQuiet = !faults.some(
        ({ of, to }) => (of === life?.protocol || of === 'network') && to > now - settledMs - silenceMs,
      );
      const truth = life && isQuiet ? truthOf(life, mine, now) : undefined;
      if (truth === undefined) {
        falseSince.delete(device);
        continue;
      }
      samples += 1;
      const { status } = table.get(deviceRef('acme', device));
      const forgotten =
        mine.some((each) => journalWasLost(each, { faults })) &&
        (status === 'unknown' || (life !== undefined && isLossUntold(life, { faults, events })));
      if (status === truth || forgotten) falseSince.delete(device);
      else if (!falseSince.has(device)) falseSince.set(device, now);
      const since = falseSince.get(device);
      if (since !== undefined && now - since > patienceMs()) {
        problems.push(`${device} is ${truth}, and the table says ${status} at ${now}`);
        falseSince.set(device, Number.POSITIVE_INFINITY);
      }
    }
  }

  const timer = setInterval(look, everyMs);
  return {
    get samples() {
      return samples;
    },
    problems,
    stop: () => clearInterval(timer),
  };
}

function truthOf(life: Life, all: readonly Life[], now: number): 'online' | 'offline' | undefined {
  // It goes on while its access ends.
  if (life.outcome === 'unknown' || life.script?.startsWith('access ended')) return undefined;
  if (life.outcome === 'accepted' && !life.end)
    return life.acceptedAt !== undefined && now - life.acceptedAt > 1_000 ? 'online' : undefined;
  if (!all.some(({ outcome }) => outcome === 'accepted')) return undefined;
  const lastAt = Math.max(...all.map(({ end, lastByteAt }) => end?.at ?? lastByteAt));
  return now - lastAt > settledMs ? 'offline' : undefined;
}
