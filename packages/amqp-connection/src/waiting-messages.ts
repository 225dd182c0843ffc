import { createFairQueue } from '@rollcall/core/sharing';
import { createFifo } from './fifo.ts';

export interface WaitingMessage {
  /** Who owns it. */
  readonly turn: string;
}

/** Messages that wait for credit: their owners take turns in sending, and time-outs come in the order of arrival. */
export interface WaitingMessages<Message extends WaitingMessage> extends Iterable<Message> {
  readonly size: number;
  /** Messages of one owner. */
  countOf(turn: string): number;
  push(message: Message): void;
  /** Takes the one whose turn it is. @param budget how many may leave now, including this one. */
  shift(budget: number): Message | undefined;
  /** The one that came first. */
  oldest(): Message | undefined;
  /** Does nothing if the message does not wait. */
  remove(message: Message): void;
}

/**
 * Turns matter only while some messages have to stay. Usually all may leave, so they are sorted by owner only once they
 * may not: a set for each owner costs more than the rest of what is done for a message here.
 */
export function createWaitingMessages<Message extends WaitingMessage>(): WaitingMessages<Message> {
  /** Messages that came after all others, and are not sorted. */
  const unsorted = createFifo<Message>();
  /** The sorted ones, in the order they came. */
  const arrivals = new Set<Message>();
  /** The same by owner. */
  const turns = createFairQueue<Message>();

  function sort(): void {
    for (let message = unsorted.shift(); message; message = unsorted.shift()) {
      arrivals.add(message);
      turns.push(message.turn, message);
    }
  }

  return {
    get size() {
      return arrivals.size + unsorted.length;
    },
    countOf(turn) {
      sort();
      return turns.countOf(turn);
    },
    push: (message) => unsorted.push(message),
    shift(budget) {
      if (arrivals.size === 0 && unsorted.length <= budget) return unsorted.shift();
      sort();
      const message = turns.shift();
      if (message) arrivals.delete(message);
      return message;
    },
    oldest() {
      const [first] = arrivals;
      return first ?? unsorted.first();
    },
    remove(message) {
      sort();
      if (arrivals.delete(message)) turns.remove(message.turn, message);
    },
    [Symbol.iterator]() {
      sort();
      return arrivals.values();
    },
  };
}
