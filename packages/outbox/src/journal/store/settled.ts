import type { Settlement, Standing } from './stored.ts';

/** The standing of an event after sinks have answered; `undefined` if it is not needed any more. */
export function settled(standing: Standing, settlements: readonly Settlement[]): Standing | undefined {
  let waiting = standing.waiting;
  const parked: Record<string, string> = { ...standing.parked };
  for (const { sink, refusal } of settlements) {
    waiting = waiting.filter((each) => each !== sink);
    if (refusal === undefined) delete parked[sink];
    else parked[sink] = refusal;
  }
  if (!standing.open && waiting.length === 0 && Object.keys(parked).length === 0) return undefined;
  return { ...standing, waiting, parked };
}
