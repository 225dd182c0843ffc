import { anEnding, anOutboundEvent, ManualClock, seededRandom } from '@rollcall/conformance';
import { deviceRef, type ConnectionId } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import type { Delivery, EventSink, OutboundEvent } from '@rollcall/core/sink';
import type { Journal } from '../journal/journal.ts';
import { createMemoryJournal } from '../journal/memory-journal.ts';
import type { Outbox, OutboxBounds } from '../delivery/outbox-contract.ts';
import { createOutbox } from '../delivery/outbox.ts';

export const retryable: Delivery = { status: 'retryable', cause: new Error('not now') };

const open: Outbox[] = [];

interface Counted {
  retried: number;
  parked: string[];
  leftOut: number;
}

export function givenAnOutbox(
  sinks: EventSink[],
  bounds: OutboxBounds = { maxEvents: 1_000, maxBytes: 10_000_000 },
  journal: Journal = createMemoryJournal(),
  mayPublish?: () => boolean,
) {
  const clock = new ManualClock();
  const counted: Counted = { retried: 0, parked: [], leftOut: 0 };
  const outbox = createOutbox({
    sinks,
    journal,
    clock,
    random: seededRandom(1),
    log: silentLog,
    bounds,
    backoff: { firstMs: 100, maxMs: 5_000 },
    window: 8,
    sendAfterMs: 1_000,
    ...(mayPublish && { mayPublish }),
    observer: {
      delivered() {},
      retried: () => (counted.retried += 1),
      parked: (_sink, event) => counted.parked.push(event.id),
      leftOut: () => (counted.leftOut += 1),
    },
  });
  open.push(outbox);
  return { clock, counted, outbox };
}

export function connected(id: string, device = 'd1', tenant = 'acme', connection = id): OutboundEvent {
  return anOutboundEvent(id, { device: deviceRef(tenant, device), connectionId: connection as ConnectionId });
}

/** The other half of `connected(of)`. */
export function disconnected(id: string, of: string, device = 'd1'): OutboundEvent {
  const { event, downstream } = connected(id, device, 'acme', of);
  return { event: anEnding(event), downstream };
}

export const idsOf = (events: readonly { id: string }[]): string[] => events.map(({ id }) => id);

/** Closes the outboxes of a test. */
export async function closeOutboxes(): Promise<void> {
  for (const outbox of open.splice(0)) await outbox.close();
}
