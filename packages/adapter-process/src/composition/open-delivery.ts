import { serveAll } from '@rollcall/containment';
import type { ConnectedEvent, ConnectionEvent, JournalFacts, Tenant } from '@rollcall/core';
import { type Journal, type Recovered, createMemoryJournal } from '@rollcall/outbox';
import {
  downstreamOf,
  createLastDeliveries,
  type LastDeliveries,
  createOutbox,
  type Outbox,
  resumePending,
  factsOfJournal,
} from '@rollcall/outbox/internal';
import type { AdapterContext } from './adapter-context.ts';
import type { AdapterParts } from './adapter-parts.ts';
import type { ResourceStack } from '@rollcall/runtime';

/** How events leave the adapter: through the journal and the outbox to the sinks. */
export interface Delivery {
  readonly journal: Journal;
  readonly journalFacts: JournalFacts;
  readonly recovered: Recovered;
  readonly outbox: Outbox;
  readonly last: LastDeliveries;
  /** Until it is called, events only gather: what an earlier run left goes first. */
  startSending(): void;
  /** Resolves when the event is safe; `undefined` says that it is already. */
  publish(event: ConnectionEvent, tenant: Tenant): Promise<void> | undefined;
  announce(event: ConnectedEvent, tenant: Tenant): void;
}

/** First wait and longest wait between tries of one event. */
const backoff = { firstMs: 100, maxMs: 5_000 };
/** Events in flight at a time, per sink and tenant. */
const deliveryWindow = 1_000;
/** A journal that does not answer for so long holds no event back. */
const sendAfterMs = 1_000;

/** Opens the journal, and queues what an earlier run could not send. @throws TransportError where the journal cannot be opened. */
export async function openDelivery(
  { sinks, sender, journal = createMemoryJournal() }: Pick<AdapterParts, 'sinks' | 'sender' | 'journal'>,
  { identity, clock, random, log, settings, observer }: AdapterContext,
  resources: ResourceStack,
): Promise<Delivery> {
  const last = createLastDeliveries({ journal, clock, log });
  resources.defer(() => sender.close());
  // Only when the journal is closed it is sure what it has.
  resources.defer(() => last.tellLost());
  resources.defer(() => journal.close());
  for (const sink of sinks) resources.defer(() => sink.close());

  const recovered = await journal.recover();
  const outbox = createOutbox({
    sinks,
    journal,
    clock,
    random,
    log,
    observer,
    bounds: settings.outbox,
    backoff,
    window: deliveryWindow,
    sendAfterMs: Math.max(settings.commitWaitMs, sendAfterMs),
    owed: recovered.owed,
  });
  resources.defer(() => outbox.stop());
  resources.defer(() => last.confirmed());

  const startSending = outbox.hold();
  const unread = await resumePending(recovered, outbox, log);
  observer.watch('outbox', outbox);
  observer.watch('journal', {
    behind: () => journal.behind(),
    begunAnew: () => journal.begunAnew,
    unread,
  });
  journal.usedBy(identity.instance);
  return {
    journal,
    journalFacts: factsOfJournal(recovered),
    recovered,
    outbox,
    last,
    startSending,
    publish(event, tenant) {
      observer.published(event);
      // From here on it is everybody's.
      return serveAll(() => outbox.append({ event, downstream: downstreamOf(tenant) }));
    },
    announce(event, tenant) {
      outbox.announce({ event, downstream: downstreamOf(tenant), announcement: true });
    },
  };
}
