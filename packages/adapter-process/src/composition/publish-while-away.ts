import { every, type Clock } from '@rollcall/core/environment';
import type { ConnectionDirectory } from '@rollcall/core/directory';
import type { Connections } from '@rollcall/presence/internal';

/** Announcements within the time after which an adapter is declared dead. */
const announcementsInTime = 4;

export interface PublishWhileAwayOptions {
  readonly clock: Clock;
  readonly directory: Pick<ConnectionDirectory, 'status'>;
  readonly connections: Pick<Connections, 'announceOne'>;
  readonly deadAfterMs: number;
}

/**
 * While the engine of the fleet does not answer, an open connection is announced every few seconds. So those who read what adapters
 * publish know that this one lives, and do not report its devices as lost. Without open connections there is nothing to report.
 *
 * @returns ends it.
 */
export function publishWhileAway(options: PublishWhileAwayOptions): () => void {
  const { clock, directory, connections, deadAfterMs } = options;
  return every(clock, deadAfterMs / announcementsInTime, () => {
    if (directory.status === 'away') connections.announceOne();
  });
}
