import type { ConnectedEvent } from '@rollcall/core/events';
import type { ConnectionDescription } from './host-presence.ts';
import type { Tracked } from './tracking/track.ts';

/** A connection that is open, as it was published. */
export interface OpenEvent {
  readonly event: ConnectedEvent;
  readonly description: ConnectionDescription;
  readonly tracked: Pick<Tracked<unknown>, 'presence'>;
}
