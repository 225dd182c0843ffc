import type { DropReason, DtlsCounters } from './counters.ts';
import type { Peer } from './peer.ts';
import type { SessionCache } from './session-cache.ts';
import type { Settings } from './settings.ts';
import type { StrayAlerts } from './stray-alerts.ts';

/** What the parts of a server share. */
export interface ServerParts<P> {
  readonly settings: Settings<P>;
  readonly counters: DtlsCounters;
  readonly sessions: SessionCache<P>;
  readonly strayAlerts: StrayAlerts;
  monotonic(): number;
  drop(reason: DropReason, peer: Peer): void;
  /** Code that serves a peer threw: `end` ends what this peer has open. */
  blame(error: unknown, peer: Peer, end: () => void): void;
}
