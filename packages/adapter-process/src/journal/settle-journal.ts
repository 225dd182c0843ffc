import { later, type Clock, type Log, type Random } from '@rollcall/core/environment';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { EventSink } from '@rollcall/core/sink';
import { type Journal, type Recovered, createMemoryJournal } from '@rollcall/outbox';
import { createOutbox, openJournal } from '@rollcall/outbox/internal';
import { stampLost } from '@rollcall/presence/internal';

interface Environment {
  /** Where events go; closed in the end. */
  readonly sink: EventSink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How long the sink may take to confirm everything. */
  readonly withinMs: number;
}

export interface Settled {
  /** Connections that were ended as `buried`. */
  readonly buried: number;
  readonly delivered: number;
  /** Refused finally; they stay in the journal. */
  readonly parked: number;
  /** Not confirmed in time; they stay in the journal. */
  readonly left: number;
}

/** Nothing is left out; what is sent is read back a few megabytes at a time. */
const unbounded = {
  maxEvents: Number.POSITIVE_INFINITY,
  maxBytes: Number.POSITIVE_INFINITY,
  maxMemoryBytes: 16_777_216,
};

/**
 * Sends what waits for a sink in the journal of an adapter that does not run, parked events included; with `bury`, ends what
 * the adapter had open first.
 *
 * @throws TransportError where the journal is in use, or cannot be opened.
 */
export async function settleJournal(
  file: string,
  { bury }: { readonly bury: boolean },
  environment: Environment,
): Promise<Settled> {
  const { clock, log, sink } = environment;
  const journal = openJournal(
    { file, durability: 'power', maxBytes: Number.MAX_SAFE_INTEGER, behindAfterMs: 0 },
    { clock, log },
  );
  const recovered = await journal.recover().catch(async (error: unknown) => {
    await sink.close();
    throw error;
  });
  return settle(journal, bury ? recovered : { ...recovered, async *open() {} }, environment);
}

/** Ends connections as `buried` whose adapter has left no journal, but which are known to be open. */
export function buryConnections(
  connections: readonly ConnectedEvent[],
  environment: Environment,
): Promise<Settled> {
  const open = connections.map((event) => ({ event }));
  return settle(
    createMemoryJournal(),
    {
      owed: [],
      async *pending() {},
      async *open() {
        yield open;
      },
    },
    environment,
  );
}

async function settle(
  journal: Journal,
  recovered: Pick<Recovered, 'pending' | 'open' | 'owed'>,
  { sink, clock, random, log, withinMs }: Environment,
): Promise<Settled> {
  let delivered = 0;
  let parked = 0;
  const outbox = createOutbox({
    sinks: [sink],
    journal,
    clock,
    random,
    log,
    bounds: unbounded,
    backoff: { firstMs: 100, maxMs: 1_000 },
    window: 100,
    sendAfterMs: withinMs,
    owed: recovered.owed,
    observer: {
      delivered: () => (delivered += 1),
      retried: (_sink, _event, cause) => log.debug({ err: cause }, 'event will be sent again'),
      parked(_sink, event, cause) {
        parked += 1;
        log.warn({ eventId: event.id, err: cause }, 'event was refused');
      },
      leftOut() {},
    },
  });
  const startSending = outbox.hold();
  for await (const batch of recovered.pending())
    for (const pending of batch) for (const name of pending.sinks) outbox.resume(name, pending);
  let buried = 0;
  for await (const batch of recovered.open()) {
    let committed: Promise<void> | undefined;
    for (const entry of batch) {
      const event = stampLost(entry, 'buried', { clock, random }, outbox.coalescedOf(entry.event.device));
      // Only the registry knows what the tenant would add, and the registry may not be reachable here.
      committed = outbox.append({ event, downstream: { defaults: {} } });
      buried += 1;
    }
    await committed;
  }
  startSending();
  const deadline = new AbortController();
  const disarm = clock.at(later(clock.monotonic(), withinMs), () => deadline.abort());
  await outbox.drained(deadline.signal);
  disarm();
  const left = outbox.depth().reduce((sum, { events }) => sum + events, 0);
  await outbox.close();
  return { buried, delivered, parked, left };
}
