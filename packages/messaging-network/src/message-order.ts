/** A message that waits, or is with a consumer. Positions grow; a lower one goes first. */
export interface Queued {
  readonly position: number;
  readonly payload: Buffer;
  /** Wall-clock milliseconds; absent: never. */
  readonly expiresAt?: number | undefined;
}

/** The messages of one queue, in order: those that wait, and those that consumers have and did not settle. */
export interface MessageOrder {
  readonly waiting: number;
  /** Waiting and with consumers. */
  readonly size: number;
  append(message: Queued): void;
  /** Hands the first waiting message to a consumer. */
  take(): Queued | undefined;
  /** A consumer is done with the message. */
  settle(message: Queued): void;
  /** Consumers gave messages back: they wait again, at their old places. */
  giveBack(messages: readonly Queued[]): void;
  /** Removes the oldest waiting message. */
  dropOldest(): Queued | undefined;
  /** Removes what waits and has expired by `now`. */
  dropExpired(now: number): readonly Queued[];
  /** When the first that waits expires, in wall-clock milliseconds, or `Infinity`. */
  nextExpiry(): number;
}

export function createMessageOrder(): MessageOrder {
  /** Ascending positions; the first `head` entries are gone. */
  let waiting: Queued[] = [];
  let head = 0;
  const taken = new Set<Queued>();

  function shift(): Queued | undefined {
    const message = waiting[head];
    if (!message) return undefined;
    head += 1;
    if (head > 1_024 && head * 2 > waiting.length) {
      waiting = waiting.slice(head);
      head = 0;
    }
    return message;
  }

  return {
    get waiting() {
      return waiting.length - head;
    },
    get size() {
      return waiting.length - head + taken.size;
    },
    append(message) {
      waiting.push(message);
    },
    take() {
      const message = shift();
      if (message) taken.add(message);
      return message;
    },
    settle(message) {
      taken.delete(message);
    },
    giveBack(messages) {
      const returned = messages.filter((message) => taken.delete(message));
      if (returned.length === 0) return;
      // What comes back was first once: it almost always goes before everything that waits.
      waiting = [...returned, ...waiting.slice(head)].toSorted((one, other) => one.position - other.position);
      head = 0;
    },
    dropOldest: shift,
    dropExpired(now) {
      const isExpired = ({ expiresAt = Infinity }: Queued): boolean => expiresAt <= now;
      const all = waiting.slice(head);
      waiting = all.filter((message) => !isExpired(message));
      head = 0;
      return all.filter(isExpired);
    },
    nextExpiry() {
      let next = Infinity;
      for (let index = head; index < waiting.length; index++)
        next = Math.min(next, waiting[index]?.expiresAt ?? Infinity);
      return next;
    },
  };
}
