import { useLayoutEffect, useState } from 'preact/hooks';
import { timesIn, type Times } from '../logic/times.ts';

const key = 'rollcall-presence-zone';

interface ShownTimes extends Times {
  readonly isUtc: boolean;
}

export const utc: ShownTimes = { ...timesIn('UTC'), isUtc: true };
const ofReader: ShownTimes = { ...timesIn(), isUtc: timesIn().zone(0) === 'UTC' };
const changed = new Set<() => void>();
let shown = sessionStorage.getItem(key) === 'utc' ? utc : ofReader;

/** Times as the page shows them: by the reader's clock, or in UTC. */
export function times(): ShownTimes {
  return shown;
}

/** The same for what draws itself when that changes, with what there is to choose from. */
export function useZone(): {
  readonly isUtc: boolean;
  readonly choices: readonly ShownTimes[];
  choose(isUtc: boolean): void;
} {
  const [, drawAgain] = useState(0);
  useLayoutEffect(() => {
    const draw = (): void => drawAgain((count) => count + 1);
    changed.add(draw);
    return () => void changed.delete(draw);
  }, []);
  return {
    isUtc: shown.isUtc,
    choices: ofReader.isUtc ? [utc] : [ofReader, utc],
    choose(isUtc) {
      shown = isUtc ? utc : ofReader;
      if (isUtc) sessionStorage.setItem(key, 'utc');
      else sessionStorage.removeItem(key);
      for (const draw of changed) draw();
    },
  };
}
