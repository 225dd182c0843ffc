import type { SendOutcome } from './send-outcome.ts';

/** Reports that the peer can be reached again, after messages came back because it did not answer. */
export class Reachability {
  readonly #onReachable: () => void;
  /** `doubtful`: a message came back, and since then the peer gave neither credit nor an outcome. */
  #state: 'reachable' | 'doubtful' | 'closed' = 'reachable';

  constructor(onReachable: () => void) {
    this.#onReachable = onReachable;
  }

  /** A message has this outcome. */
  note(outcome: SendOutcome): void {
    if (this.#state === 'reachable' && isUnanswered(outcome)) this.#state = 'doubtful';
  }

  /** The peer gave credit, or an outcome. */
  answered(): void {
    if (this.#state !== 'doubtful') return;
    this.#state = 'reachable';
    this.#onReachable();
  }

  /** There is a new connection: it is worth a try, though the peer may still not answer. */
  dialled(): void {
    if (this.#state === 'doubtful') this.#onReachable();
  }

  close(): void {
    this.#state = 'closed';
  }
}

/** Whether the peer had no part in the outcome. */
function isUnanswered(outcome: SendOutcome): boolean {
  const { status } = outcome;
  if (status === 'attach-refused') return outcome.unanswered === true;
  return status === 'no-credit' || status === 'timeout' || status === 'disconnected';
}
