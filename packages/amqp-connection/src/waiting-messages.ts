import { createFairQueue } from '@rollcall/core';

export interface WaitingMessage {
  /** Who owns it. */
  readonly turn: string;
}

/** Messages that wait for credit: they leave by turns of their owners, and give up in the order they came. */
export interface WaitingMessages<Message extends WaitingMessage> extends Iterable<Message> {
  readonly size: number;
  /** Messages of one owner. */
  countOf(turn: string): number;
  push(message: Message): void;
  /** Takes the one whose turn it is. */
  shift(): Message | undefined;
  /** The one that came first. */
  oldest(): Message | undefined;
  /** Does nothing if the message does not wait. */
  remove(message: Message): void;
}

export function createWaitingMessages<Message extends WaitingMessage>(): WaitingMessages<Message> {
  const arrivals = new Set<Message>();
  const turns = createFairQueue<Message>();
  return {
    get size() {
      return arrivals.size;
    },
    countOf: (turn) => turns.countOf(turn),
    push(message) {
      arrivals.add(message);
      turns.push(message.turn, message);
    },
    shift() {
      const message = turns.shift();
      if (message) arrivals.delete(message);
      return message;
    },
    oldest() {
      const [first] = arrivals;
      return first;
    },
    remove(message) {
      if (arrivals.delete(message)) turns.remove(message.turn, message);
    },
    [Symbol.iterator]: () => arrivals.values(),
  };
}
