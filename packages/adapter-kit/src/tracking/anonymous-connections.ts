import type { Clock, ConnectionTracker } from '@rollcall/core';
import type { AnonymousConnection, OpenConnection } from '../protocol-adapter.ts';
import { track } from './track.ts';

/** Connections of devices that did not say who they are: nobody is told of them, and they end like all others. */
export interface AnonymousConnections {
  open<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    connection: AnonymousConnection,
  ): OpenConnection<Signal>;
  readonly count: number;
  /** The adapter stops. */
  end(): void;
}

export function createAnonymousConnections(clock: Clock): AnonymousConnections {
  const open = new Set<AnonymousConnection>();
  return {
    open(tracker, connection) {
      const { report } = track(tracker, clock, (change) => {
        if (change.type === 'connected') {
          open.add(connection);
          return;
        }
        open.delete(connection);
        connection.onDisconnected?.(change);
      });
      return { report, committed: () => Promise.resolve() };
    },
    get count() {
      return open.size;
    },
    end() {
      for (const connection of [...open]) connection.end('adapter-shutdown');
    },
  };
}
