import { later, type Clock, type Log, type Random } from '@rollcall/core/environment';
import { type ResourceStack, runAll } from '@rollcall/runtime';
import type { LastDeliveries, Outbox } from '@rollcall/outbox/internal';
import type { RunningProtocol } from '@rollcall/adapter-kit';
import { type AnonymousConnections, type Connections, drain } from '@rollcall/presence/internal';

/** What of a running adapter takes part in its stop. */
export interface Stopping {
  readonly protocol: RunningProtocol;
  readonly connections: Connections;
  readonly anonymous: AnonymousConnections;
  readonly outbox: Outbox;
  readonly last: LastDeliveries;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Sessions that end in a second, before the rest does; 0: all at once. */
  readonly drainPerSecond: number;
  /** Stops what follows the registry, and what announces open connections: they are needed as long as sessions are open. */
  stopFollowing(): void;
  /** From now on no device is let in. */
  stopAuthenticating(): void;
  /** Everything that was begun. */
  readonly resources: ResourceStack;
}

/** Where draining took all the time, the events of those that went last get so much longer to be confirmed, at most. */
const lastEventsMs = 5_000;

/**
 * Lets no device in, ends what is open, and closes everything that was begun, in reverse order: the protocol first; then it waits up to
 * `graceMs` until the sinks confirmed what was published, before it closes what leads to them. With a drain rate, sessions end one
 * after the other within `graceMs`, and the rest then. Each step is taken, whatever became of those before it.
 *
 * @throws what steps threw, after the last one.
 */
export async function stopAdapter(stopping: Stopping, graceMs: number): Promise<void> {
  const { protocol, connections, anonymous, outbox, clock } = stopping;
  const begun = clock.monotonic();
  const drains = stopping.drainPerSecond > 0;
  stopping.last.begin(outbox, () =>
    drains ? Math.max(Math.min(lastEventsMs, graceMs), graceMs - (clock.monotonic() - begun)) : graceMs,
  );
  const stopAccepting = (): Promise<void> => protocol.stopAccepting();
  const stopFollowing = (): void => stopping.stopFollowing();
  await runAll([
    ...(drains
      ? [stopAccepting, () => drainSessions(stopping, graceMs), stopFollowing]
      : [stopFollowing, stopAccepting]),
    () => stopping.stopAuthenticating(),
    () => connections.end('adapter-shutdown', () => true),
    () => anonymous.end(),
    () => connections.asked(),
    () => stopping.resources.disposeAsync(),
  ]);
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
