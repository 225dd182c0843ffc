import type { ConnectedEvent } from '@rollcall/core/events';
import type { ConnectionDescription } from './host-presence.ts';
import type { Tracked } from './tracking/track.ts';

/** An open connection, as it was published. */
export interface OpenEvent {
  readonly event: ConnectedEvent;
  readonly description: ConnectionDescription;
  readonly tracked: Pick<Tracked<unknown>, 'presence'>;
}
