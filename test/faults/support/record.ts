import { consume, createPresenceTable, type PresenceTable } from '@rollcall/client';
import { systemRandom, type Random } from '@rollcall/core/environment';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import { tenants } from './stage.ts';

/** Everything that a downstream service ever got, and what it made of it. */
export interface EventRecord {
  readonly events: readonly ReceivedEvent[];
  readonly table: PresenceTable;
  close(): Promise<void>;
}

/** Chance has a share in how long a consumer waits before it asks for a network that is away: a tenth of 7 s at most. */
const hasty: Random = { ...systemRandom, next: () => 0.1 };

/** Delivery is at least once: what comes again has the same id. Each event stands where it came first. */
export function distinct(events: readonly ReceivedEvent[]): readonly ReceivedEvent[] {
  const ids = new Set<string>();
  return events.filter(({ id }) => !ids.has(id) && ids.add(id));
}

/**
 * Consumes all tenants' events from now on. What comes while the network is away is kept by the network.
 *
 * @param heedsAnnouncements whether the table does: by default, events alone must tell all.
 */
export async function keepRecord(url: string, heedsAnnouncements = false): Promise<EventRecord> {
  const events: ReceivedEvent[] = [];
  const table = createPresenceTable();
  const consumers = tenants.map((tenant) =>
    consume({
      url,
      tenant,
      application: 'record',
      random: hasty,
      onEvent(event) {
        if (event.announcement && !heedsAnnouncements) return;
        table.apply(event);
        if (!event.announcement) events.push(event);
      },
    }),
  );
  await Promise.all(consumers.map(({ ready }) => ready));
  return {
    events,
    table,
    close: async () => void (await Promise.all(consumers.map((consumer) => consumer.close()))),
  };
}
