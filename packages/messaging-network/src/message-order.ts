/** A message that waits, or that a consumer has. Positions grow; the message with the lowest goes first. */
export interface Queued {
  readonly position: number;
  readonly payload: Buffer;
  /** Wall-clock milliseconds; absent: never. */
  readonly expiresAt?: number | undefined;
}

/** The messages of one queue, in order: those that wait, and those that consumers have and have not settled. */
export interface MessageOrder {
  readonly waiting: number;
  /** Messages that wait, and that consumers have. */
  readonly size: number;
  append(message: Queued): void;
  /** Hands the first waiting message to a consumer. */
  take(): Queued | undefined;
  /** A consumer has settled the message. */
  settle(message: Queued): void;
  /** Consumers gave messages back: they wait again, at their old places. */
  giveBack(messages: readonly Queued[]): void;
  /** Removes the oldest waiting message. */
  dropOldest(): Queued | undefined;
  /** Removes the waiting messages that have expired by `now`. */
  dropExpired(now: number): readonly Queued[];
  /** When the first of the waiting messages expires, in wall-clock milliseconds, or `Infinity`. */
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
      // Messages that come back were first before: they almost always go before all that wait.
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
