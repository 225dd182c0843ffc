import { serveAll } from '@rollcall/containment';
import type { ConnectionId, TenantId } from '@rollcall/core';
import type { ConnectedEvent, ConnectionEvent } from '@rollcall/core/events';
import type { JournalFacts } from '@rollcall/core/internal';
import type { Tenant } from '@rollcall/core/registry';
import { type Journal, type Recovered, createMemoryJournal } from '@rollcall/outbox';
import {
  type BeforeSending,
  downstreamOf,
  createLastDeliveries,
  type LastDeliveries,
  createOutbox,
  type Outbox,
  resumePending,
  factsOfJournal,
} from '@rollcall/outbox/internal';
import { tellOfJournal } from '@rollcall/presence/internal';
import type { AdapterContext } from './adapter-context.ts';
import type { AdapterParts } from './adapter-parts.ts';
import type { ResourceStack } from '@rollcall/runtime';

/** How events leave the adapter: through the journal and the outbox to the sinks. */
export interface Delivery {
  readonly journal: Journal;
  /** What the events of this incarnation say of its journal. */
  readonly journalFacts: JournalFacts;
  /** What the next event of this tenant must say of it; `undefined`: nothing. */
  journalFor(tenant: TenantId): JournalFacts | undefined;
  /**
   * The adapter goes on as another incarnation, with the same journal.
   *
   * @param told connections whose events others publish.
   */
  goOnAs(instance: string, told: Iterable<ConnectionId>): void;
  readonly recovered: Recovered;
  readonly outbox: Outbox;
  readonly last: LastDeliveries;
  /** Until it is called, events only wait: what an earlier run left goes first. */
  startSending(): void;
  /** Resolves when the event is safe; `undefined` says that it is already. */
  publish(event: ConnectionEvent, tenant: Tenant, beforeSending?: BeforeSending): Promise<void> | undefined;
  /** See {@link Outbox.relay}. */
  relay(events: readonly ConnectionEvent[], tenant: Tenant): Promise<boolean>;
  /** As `publish`, of an event that another adapter stamped: the journal keeps it until it is sent, and counts no connection. */
  publishOfAnother(event: ConnectedEvent, tenant: Tenant): Promise<void> | undefined;
  /** A connection that another adapter published goes on here: the journal keeps it as open, and its announcement until it is sent. */
  takeOn(event: ConnectedEvent, tenant: Tenant): Promise<void> | undefined;
  /** See {@link Outbox.announce}. */
  announce(event: ConnectedEvent, tenant: Tenant): boolean;
}

/** First wait and longest wait between tries of one event. */
const backoff = { firstMs: 100, maxMs: 5_000 };
/** Events in flight at a time, per sink and tenant. */
const deliveryWindow = 1_000;
/** If the journal does not answer for so long, events do not wait for it. */
const sendAfterMs = 1_000;

/** Opens the journal, and queues what an earlier run could not send. @throws TransportError where the journal cannot be opened. */
export async function openDelivery(
  { sinks, sender, journal = createMemoryJournal() }: Pick<AdapterParts, 'sinks' | 'sender' | 'journal'>,
  context: AdapterContext,
  mayPublish: (() => boolean) | undefined,
  resources: ResourceStack,
): Promise<Delivery> {
  const { clock, random, log, settings, observer } = context;
  let { instance } = context.identity;
  const last = createLastDeliveries({ journal, clock, log });
  resources.defer(() => sender.close());
  // Only when the journal is closed it is sure what it has.
  resources.defer(() => last.tellLost());
  resources.defer(() => journal.close());
  for (const sink of sinks) resources.defer(() => sink.close());

  const recovered = await journal.recover();
  let journalFacts = factsOfJournal(recovered);
  let ofJournal = tellOfJournal(journalFacts);
  const outbox = createOutbox({
    sinks,
    journal,
    clock,
    random,
    log,
    observer: alsoTelling(observer, (tenant) => ofJournal.leftOut(tenant)),
    bounds: settings.outbox,
    backoff,
    window: deliveryWindow,
    sendAfterMs: Math.max(settings.commitWaitMs, sendAfterMs),
    owed: recovered.owed,
    ...(mayPublish && { mayPublish }),
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
  journal.usedBy(instance);
  return {
    journal,
    get journalFacts() {
      return journalFacts;
    },
    journalFor: (tenant) => ofJournal.next(tenant),
    goOnAs(next, told) {
      journalFacts = { state: 'kept', follows: instance };
      ofJournal = tellOfJournal(journalFacts);
      instance = next;
      journal.usedBy(next);
      journal.endedByOthers(told);
      outbox.withdraw(told);
    },
    recovered,
    outbox,
    last,
    startSending,
    ...waysIn(outbox, observer),
  };
}

function alsoTelling(
  observer: AdapterContext['observer'],
  leftOut: (tenant: TenantId) => void,
): AdapterContext['observer'] {
  return {
    ...observer,
    leftOut(sink, tenant) {
      leftOut(tenant as TenantId);
      observer.leftOut(sink, tenant);
    },
  };
}

/** The ways of an event into the outbox. */
function waysIn(
  outbox: Outbox,
  observer: Pick<AdapterContext['observer'], 'published' | 'announced'>,
): Pick<Delivery, 'publish' | 'publishOfAnother' | 'relay' | 'takeOn' | 'announce'> {
  return {
    publish(event, tenant, beforeSending) {
      observer.published(event);
      // From here on others own it, too.
      return serveAll(() => outbox.append({ event, downstream: downstreamOf(tenant) }, beforeSending));
    },
    relay(events, tenant) {
      for (const event of events) observer.published(event);
      const downstream = downstreamOf(tenant);
      return outbox.relay(events.map((event) => ({ event, downstream })));
    },
    publishOfAnother(event, tenant) {
      observer.published(event);
      return outbox.append({ event, downstream: downstreamOf(tenant), ofAnother: true });
    },
    takeOn(event, tenant) {
      observer.announced(event);
      const downstream = downstreamOf(tenant);
      return outbox.append({ event, downstream, announcement: true, ofAnother: true });
    },
    announce(event, tenant) {
      return outbox.announce({ event, downstream: downstreamOf(tenant), announcement: true });
    },
  };
}
