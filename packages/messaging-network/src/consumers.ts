import { forgetSent } from '@rollcall/rhea-internals/server';
import type rhea from 'rhea';
import type { Consumption } from './consumption.ts';
import { soon } from './soon.ts';

/** The links that receive from us. */
export interface Consumers {
  add(link: rhea.Sender, consumption: Consumption): void;
  /** The link has credit. */
  kick(link: rhea.Sender): void;
  /** The link settled a delivery. @param keep whether the message waits again. */
  settled(link: rhea.Sender, delivery: rhea.Delivery, keep: boolean): void;
  /** The link was detached, and its session goes on. */
  remove(link: rhea.Sender): void;
  /** Their sessions are gone, too. */
  removeWhere(isGone: (link: rhea.Sender) => boolean): void;
}

export function createConsumers(): Consumers {
  const consumptions = new Map<rhea.Sender, Consumption>();
  const settledSessions = new Set<rhea.Session>();

  // All links of a session share one buffer: what one link settled, or left, may have made room for another.
  const kickSettledSessions = soon(() => {
    for (const [link, consumption] of consumptions) if (settledSessions.has(link.session)) consumption.kick();
    settledSessions.clear();
  });

  function roomIn(session: rhea.Session): void {
    settledSessions.add(session);
    kickSettledSessions();
  }

  function end(link: rhea.Sender): void {
    const consumption = consumptions.get(link);
    consumptions.delete(link);
    consumption?.end();
  }

  return {
    add: (link, consumption) => void consumptions.set(link, consumption),
    kick: (link) => consumptions.get(link)?.kick(),
    settled(link, delivery, keep) {
      consumptions.get(link)?.settled(delivery, keep);
      roomIn(link.session);
    },
    remove(link) {
      end(link);
      forgetSent(link);
      roomIn(link.session);
    },
    removeWhere(isGone) {
      for (const link of consumptions.keys()) if (isGone(link)) end(link);
    },
  };
}
