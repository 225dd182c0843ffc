import type { Verdict } from '@rollcall/rhea-internals';
import type rhea from 'rhea';
import type { Consumption } from './consumption.ts';
import { onBehalfOf } from './link-peer.ts';
import { capacityOf, creditOf, forward } from './outgoing-link.ts';

/** Telemetry goes to the consumers that are attached now. It is not stored. Notifications do the same, by topic instead of tenant. */
export interface Telemetry {
  /** The greatest credit that a consumer of this tenant has: no producer can deliver more than that. */
  consumerCredit(tenant: string): number;
  /** `released` when no consumer had room. */
  publish(tenant: string, payload: Buffer): Verdict;
  /** @param onRoom the consumer has credit. */
  consume(tenant: string, link: rhea.Sender, onRoom: () => void): Consumption;
}

export function createTelemetry(): Telemetry {
  const consumers = new Map<string, Set<rhea.Sender>>();
  const consumersOf = (tenant: string): Iterable<rhea.Sender> => consumers.get(tenant) ?? [];

  return {
    consumerCredit: (tenant) => Math.max(0, ...[...consumersOf(tenant)].map(creditOf)),
    publish(tenant, payload) {
      let received = false;
      for (const link of consumersOf(tenant)) {
        if (capacityOf(link) <= 0) continue;
        received = onBehalfOf(link, () => void forward(link, Buffer.from(payload), true)) || received;
      }
      return { kind: received ? 'accepted' : 'released' };
    },
    consume(tenant, link, onRoom) {
      const links = consumers.get(tenant) ?? new Set();
      consumers.set(tenant, links.add(link));
      return {
        kick: onRoom,
        // Telemetry is settled when it is sent.
        settled() {},
        end() {
          links.delete(link);
          if (links.size === 0 && consumers.get(tenant) === links) consumers.delete(tenant);
        },
      };
    },
  };
}
