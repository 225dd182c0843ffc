import { createDeadline, type Deadlines } from './deadlines.ts';
import { createLinkedList, type Linked, type LinkedList } from './linked-list.ts';

/** An answer that waits for the outcome of a probe. */
export interface HeldAnswer extends Linked<HeldAnswer> {
  /** The held answers of the same peer, in their order. */
  readonly ofPeer: Set<HeldAnswer>;
  readonly dueAt: number;
  readonly send: () => void;
}

/** RFC 7252 §4.8, ACK_TIMEOUT: by then the peer has sent its request again. */
const heldMs = 2_000;
const maxHeldOfPeer = 8;
const maxHeld = 10_000;

/** Answers that wait for the outcomes of probes, for a short time. Beyond a bound the oldest one is sent. */
export class HeldAnswers {
  readonly #deadlines: Deadlines;
  /** Held answers of all peers, the oldest first. */
  readonly #all: LinkedList<HeldAnswer> = createLinkedList();
  readonly #expiry = createDeadline((now) => this.#sendDue(now));
  #count = 0;

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  get count(): number {
    return this.#count;
  }

  hold(ofPeer: Set<HeldAnswer>, send: () => void, now: number): void {
    const answer: HeldAnswer = { ofPeer, dueAt: now + heldMs, send, before: undefined, after: undefined };
    ofPeer.add(answer);
    this.#all.append(answer);
    this.#count++;
    if (this.#expiry.place === -1) this.#deadlines.set(this.#expiry, answer.dueAt);
    const [oldest] = ofPeer;
    if (oldest && ofPeer.size > maxHeldOfPeer) this.send(oldest);
    if (this.#count > maxHeld && this.#all.first) this.send(this.#all.first);
  }

  send(answer: HeldAnswer): void {
    this.drop(answer);
    answer.send();
  }

  drop(answer: HeldAnswer): void {
    answer.ofPeer.delete(answer);
    this.#all.remove(answer);
    this.#count--;
  }

  #sendDue(now: number): void {
    const due: HeldAnswer[] = [];
    for (let { first } = this.#all; first && first.dueAt <= now; { first } = this.#all) {
      this.drop(first);
      due.push(first);
    }
    if (this.#all.first) this.#deadlines.set(this.#expiry, this.#all.first.dueAt);
    for (const { send } of due) send();
  }
}
