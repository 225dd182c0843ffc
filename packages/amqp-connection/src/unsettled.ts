import type { Instant } from '@rollcall/core';
import type rhea from 'rhea';
import { createFifo } from './fifo.ts';

/** A message that is sent, and then waits for its outcome. */
export interface Sent {
  /** Until when it waits. */
  readonly deadline: Instant;
  /** Set while it waits. */
  delivery: rhea.Delivery | undefined;
}

/** What was sent on a link and has no outcome yet, in the order in which it was sent. */
export interface Unsettled<Item extends Sent> {
  add(item: Item, delivery: rhea.Delivery): void;
  /** Takes out the item of this delivery; `undefined` if it was taken before. */
  settle(delivery: rhea.Delivery): Item | undefined;
  /** The deadline of the first item. */
  deadline(): Instant | undefined;
  /** Takes out the first one whose deadline has passed. It keeps its delivery. */
  takeOverdue(now: Instant): Item | undefined;
}

/** The item is kept on rhea's delivery itself, which comes back with the outcome: a look-up in a table would cost more. */
type Noted<Item> = rhea.Delivery & { entry?: Item };

export function createUnsettled<Item extends Sent>(): Unsettled<Item> {
  const sent = createFifo<Item>();

  /** Outcomes come in any order: a settled item leaves once it is the first. */
  function first(): Item | undefined {
    let item = sent.first();
    while (item && !item.delivery) {
      sent.shift();
      item = sent.first();
    }
    return item;
  }

  return {
    add(item, delivery) {
      (delivery as Noted<Item>).entry = item;
      item.delivery = delivery;
      sent.push(item);
    },
    settle(delivery) {
      const { entry } = delivery as Noted<Item>;
      if (entry?.delivery !== delivery) return undefined;
      entry.delivery = undefined;
      first();
      return entry;
    },
    deadline: () => first()?.deadline,
    takeOverdue(now) {
      const item = first();
      if (!item || item.deadline > now) return undefined;
      return sent.shift();
    },
  };
}
