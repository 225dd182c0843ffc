import type rhea from 'rhea';
import type { Target } from './addresses.ts';
import type { Exchange } from './exchange.ts';
import { onBehalfOf } from './link-peer.ts';
import { creditOf } from './outgoing-link.ts';
import { soon } from './soon.ts';

/** The links that send to us, and their credit. */
export interface Producers {
  /** @param address `undefined`: the link has no address, and each of its messages says where it goes. */
  add(link: rhea.Receiver, address: Target | undefined): void;
  addressOf(link: rhea.Receiver): Target | undefined;
  grantCredit(link: rhea.Receiver): void;
  /** Grants credit to all producers, once, soon. */
  grantCreditSoon(): void;
  remove(link: rhea.Receiver): void;
  removeWhere(isGone: (link: rhea.Receiver) => boolean): void;
}

/** Messages that a producer may have under way. */
const window = 1_000;

export function createProducers({ producerCredit }: Pick<Exchange, 'producerCredit'>): Producers {
  const addresses = new Map<rhea.Receiver, Target | undefined>();

  function grantCredit(link: rhea.Receiver): void {
    if (!link.is_open()) return;
    const address = addresses.get(link);
    // The messages of a link without address may go anywhere: it always gets credit.
    const allowed = address ? producerCredit(address, window) : window;
    const credit = creditOf(link);
    if (credit <= allowed / 2) link.add_credit(allowed - credit);
  }

  return {
    add(link, address) {
      addresses.set(link, address);
      grantCredit(link);
    },
    addressOf: (link) => addresses.get(link),
    grantCredit,
    grantCreditSoon: soon(() => {
      for (const link of addresses.keys()) onBehalfOf(link, () => grantCredit(link));
    }),
    remove: (link) => void addresses.delete(link),
    removeWhere(isGone) {
      for (const link of addresses.keys()) if (isGone(link)) addresses.delete(link);
    },
  };
}
