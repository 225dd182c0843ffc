import type { Instant } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import type { Change, ConnectionTracker } from '@rollcall/core/tracker';
import type { LoopWatch } from '@rollcall/runtime';
import type { Drainable } from './drain.ts';
import type { AnonymousConnection, OpenConnection } from '../host-presence.ts';
import { endedBecause } from './ended-because.ts';
import { track, type Tracked } from './track.ts';

/** Connections of devices that did not authenticate: they have no events, and end like all others. */
export interface AnonymousConnections {
  open<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    connection: AnonymousConnection,
  ): OpenConnection<Signal>;
  readonly count: number;
  /** The adapter stops. */
  end(): void;
  /** The connections that are open now, to be ended one by one because the adapter stops. */
  drainable(): readonly Drainable[];
}

interface AnonymousConnectionsOptions {
  readonly clock: Clock;
  /** After a stall, silence proves nothing for a while. */
  readonly loop: Pick<LoopWatch, 'deafUntil'>;
  /** Called with an error that an app or its tracker threw for one connection; the connection ends. */
  failed(where: 'connection' | 'tracker', error: unknown): void;
}

type Open = readonly [AnonymousConnection, Pick<Tracked<never>, 'report'>];

export function createAnonymousConnections({
  clock,
  loop,
  failed,
}: AnonymousConnectionsOptions): AnonymousConnections {
  const open = new Map<AnonymousConnection, Pick<Tracked<never>, 'report'>>();

  function contain(work: () => void): void {
    try {
      work();
    } catch (error) {
      failed('connection', error);
    }
  }

  function endOne([{ endCauses }, tracked]: Open): void {
    tracked.report(endedBecause('adapter-shutdown', endCauses));
  }

  return {
    open(tracker, connection) {
      const emit = (change: Change): void => {
        if (change.type === 'connected') {
          open.set(connection, tracked);
          return;
        }
        open.delete(connection);
        contain(() => connection.onDisconnected?.(change));
      };
      const onBroken = (error: unknown, at: Instant): void => {
        failed('tracker', error);
        const basis = { kind: 'session', detectWithinMs: null } as const;
        emit({ type: 'disconnected', reason: 'unspecified', basis, lastSeen: at });
      };
      const tracked = track(tracker, clock, emit, { onBroken, loop });
      return { report: tracked.report, committed: () => Promise.resolve() };
    },
    get count() {
      return open.size;
    },
    end() {
      for (const each of [...open]) endOne(each);
    },
    drainable: () => [...open].map((each) => ({ isOpen: () => open.has(each[0]), end: () => endOne(each) })),
  };
}
