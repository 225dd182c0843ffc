/** One of the processes of an adapter. */
export interface Seat {
  /** Follows the adapter id; absent: the id as it is. */
  readonly number: number | undefined;
  /**
   * `serving`: it listens. `retiring`: it takes up the journal that a process of this number left, when there were more of them. It
   * does not listen, and ends once nothing of it is open.
   */
  readonly kind: 'serving' | 'retiring';
}

/** What a journal directory says of earlier runs of the adapter. */
export interface Earlier {
  /** Of processes that may have left a journal with a number; 0: there was one process, whose journal has none. */
  readonly processes: number;
  /** Whether there is a journal without a number. */
  readonly hasJournal: boolean;
}

/** Which processes run, so that no journal of an earlier run is left behind with devices that count as connected. */
export function seatsOf(processes: number, earlier: Earlier): readonly Seat[] {
  const numbers = (from: number, to: number): readonly number[] =>
    Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
  if (processes === 1)
    return [
      { number: undefined, kind: 'serving' },
      ...numbers(0, earlier.processes).map((number) => ({ number, kind: 'retiring' }) as const),
    ];
  return [
    ...numbers(0, processes).map((number) => ({ number, kind: 'serving' }) as const),
    ...numbers(processes, earlier.processes).map((number) => ({ number, kind: 'retiring' }) as const),
    ...(earlier.hasJournal ? [{ number: undefined, kind: 'retiring' } as const] : []),
  ];
}

/** The id of the adapter that one process is. */
export function idOfSeat(adapterId: string, { number }: Pick<Seat, 'number'>): string {
  return number === undefined ? adapterId : `${adapterId}-${number}`;
}

/** How a seat stands in an environment variable, between the parent and its process. */
export function seatText({ number, kind }: Seat): string {
  return `${number ?? ''}/${kind}`;
}

export function seatFrom(text: string): Seat {
  const [number = '', kind] = text.split('/');
  return {
    number: number === '' ? undefined : Number(number),
    kind: kind === 'retiring' ? 'retiring' : 'serving',
  };
}
