import { later, type Clock, type DeviceDataSender, type Log, type Random } from '@rollcall/core';
import type { Journal } from '../journal/journal.ts';
import { lostEvents, type LostEvents } from '../outbox/lost-events.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { RunningProtocol } from '../protocol-adapter.ts';
import type { AnonymousConnections } from '../tracking/anonymous-connections.ts';
import type { Connections } from '../tracking/connections.ts';
import { drain } from './drain.ts';

/** What of a running adapter takes part in its stop. */
export interface Stopping {
  readonly protocol: RunningProtocol;
  readonly connections: Connections;
  readonly anonymous: AnonymousConnections;
  readonly outbox: Outbox;
  readonly journal: Journal;
  readonly sender: DeviceDataSender;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Sessions that end in a second, before the rest does; 0: all at once. */
  readonly drainPerSecond: number;
  /** What follows the registry, and tells of what is open: needed as long as sessions are. */
  stopFollowing(): void;
  /** Lets nobody in any more. */
  stopAuthenticating(): void;
  /** Everything that keeps time for connections. */
  stopWatching(): void;
  /** Probes, and reports of who is turned away: last of all. */
  stopAnswering(): Promise<void>;
}

/** Where draining took all the time, the events of those that went last get so much longer to be confirmed, at most. */
const lastEventsMs = 5_000;

/**
 * Lets nobody in, ends what is open, waits up to `graceMs` until the sinks confirmed what was published, and closes everything. With
 * a drain rate, sessions end one after the other within `graceMs`, and the rest then.
 *
 * @returns what is lost: it was not confirmed, and is in no journal.
 */
export async function stopAdapter(stopping: Stopping, graceMs: number): Promise<readonly LostEvents[]> {
  const { protocol, connections, anonymous, outbox, sender, clock, log } = stopping;
  const begun = clock.monotonic();
  let accepting: Promise<void> | undefined;
  if (stopping.drainPerSecond > 0) {
    await (accepting = protocol.stopAccepting());
    await drainSessions(stopping, graceMs);
  }
  stopping.stopFollowing();
  await (accepting ?? protocol.stopAccepting());
  stopping.stopAuthenticating();
  connections.end('adapter-shutdown', () => true);
  anonymous.end();
  await protocol.close();
  stopping.stopWatching();
  const leftMs = Math.max(Math.min(lastEventsMs, graceMs), graceMs - (clock.monotonic() - begun));
  await confirmed(stopping, stopping.drainPerSecond > 0 ? leftMs : graceMs);
  for (const { sink, events } of outbox.depth())
    if (events > 0) log.warn({ sink, events }, 'stopping with events that were not confirmed');
  await outbox.close();
  const lost = lostEvents(outbox.holdings().waiting(), stopping.journal);
  for (const facts of lost)
    log.error(facts, 'events are lost: nobody confirmed them, and the journal does not have them');
  await sender.close();
  await stopping.stopAnswering();
  return lost;
}

async function drainSessions(stopping: Stopping, graceMs: number): Promise<void> {
  const { connections, anonymous, clock, random, log, drainPerSecond: perSecond } = stopping;
  const sessions = [...connections.drainable(), ...anonymous.drainable()];
  if (sessions.length === 0) return;
  log.info({ sessions: sessions.length, perSecond }, 'draining');
  const over = new AbortController();
  const disarm = clock.at(later(clock.monotonic(), graceMs), () => over.abort());
  const ended = await drain({ sessions, perSecond, clock, random, signal: over.signal });
  disarm();
  const left = sessions.filter((session) => session.isOpen()).length;
  log.info({ ended, left }, left === 0 ? 'drained' : 'time is up: the sessions that are left end at once');
}

async function confirmed({ outbox, clock }: Stopping, withinMs: number): Promise<void> {
  const deadline = new AbortController();
  const disarm = clock.at(later(clock.monotonic(), withinMs), () => deadline.abort());
  await outbox.drained(deadline.signal);
  disarm();
}
