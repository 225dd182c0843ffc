import { internalsOf, sentInternalsOf } from '@rollcall/rhea-internals';
import { sendInAnyOrder } from '@rollcall/rhea-internals/server';
import type rhea from 'rhea';
import type { WaitingRoom } from './waiting-room.ts';

/** How many answers may wait for the credit of one link. Beyond, answers are dropped. */
const maxWaiting = 1_000;

/** A link on which a client receives answers, in the order in which they are ready. */
export class ReplyLink {
  readonly #sender: rhea.Sender;
  readonly #room: WaitingRoom;
  readonly #waiting: rhea.Message[] = [];
  /** Answers that the client has not settled. */
  readonly #unsettled = new Set<rhea.Delivery>();
  /** The latest answers that were handed to rhea. They may not be written yet. */
  #latest: rhea.Delivery[] = [];

  /** @param room that of the client. */
  constructor(sender: rhea.Sender, room: WaitingRoom) {
    this.#sender = sender;
    this.#room = room;
    sendInAnyOrder(sender.session);
  }

  /** @returns whether there was room: otherwise the answer is dropped, and the request times out at the client. */
  send(message: rhea.Message): boolean {
    if (this.#waiting.length >= maxWaiting || !this.#room.enter()) return false;
    this.#waiting.push(message);
    this.flush();
    return true;
  }

  /** Sends waiting answers, as far as the client has given credit. rhea would accept more, but then the whole session would stall. */
  flush(): void {
    const { session, credit } = internalsOf(this.#sender);
    let sent = 0;
    let room = Math.min(credit - this.#unwritten(), session.outgoing.available());
    for (; room > 0 && sent < this.#waiting.length; room--, sent++) {
      const message = this.#waiting[sent];
      if (message) this.#sendNow(message);
    }
    if (sent > 0) this.#noMoreWait(sent);
  }

  #noMoreWait(count: number): void {
    this.#waiting.splice(0, count);
    this.#room.leave(count);
  }

  #sendNow(message: rhea.Message): void {
    const delivery = this.#sender.send(message);
    this.#latest.push(delivery);
    // An answer that is sent settled needs no tracking.
    if (!sentInternalsOf(delivery).settled) this.#unsettled.add(delivery);
  }

  /** The client reported an outcome of an answer, or settled it: either is enough. */
  settled(delivery: rhea.Delivery): void {
    if (!this.#unsettled.delete(delivery)) return;
    const raw = sentInternalsOf(delivery);
    raw.update(true);
    raw.remote_settled = true;
    this.flush();
  }

  /**
   * To be called after the link was detached: answers that wait are dropped, and those that the client did not settle need no
   * tracking any more.
   *
   * @returns false if rhea has not written some of them yet: it would write them on the detached link.
   */
  forget(): boolean {
    this.#noMoreWait(this.#waiting.length);
    if (this.#unwritten() > 0) return false;
    for (const delivery of this.#unsettled) {
      const raw = sentInternalsOf(delivery);
      raw.settled = true;
      raw.remote_settled = true;
    }
    this.#unsettled.clear();
    internalsOf(this.#sender.connection)._register();
    return true;
  }

  /** How many answers rhea has, and has not subtracted from the credit yet: it does so when it writes them. */
  #unwritten(): number {
    const { next_pending_delivery: next } = internalsOf(this.#sender).session.outgoing;
    this.#latest = this.#latest.filter((delivery) => sentInternalsOf(delivery).id >= next);
    return this.#latest.length;
  }
}
