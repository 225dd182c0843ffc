// Who is connected, for a protocol with sessions. Without connections: leases.ts.
export type { HostLeases } from './host-leases.ts';
export type {
  AnonymousConnection,
  ConnectionDescription,
  EndCauses,
  EndReason,
  HostPresence,
  OpenConnection,
} from './host-presence.ts';
export { type Liveness, session, type SessionState, sessionTracker } from './tracking/session-tracker.ts';
export { track, type Tracked } from './tracking/track.ts';
