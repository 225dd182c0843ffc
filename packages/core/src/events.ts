// Connection events: what they say, and why a connection ended.
export type {
  AdapterIdentity,
  Basis,
  ConnectedEvent,
  ConnectionEvent,
  DisconnectedEvent,
  RawCause,
} from './connection-event.ts';
export { disconnectReasons, type DisconnectReason } from './disconnect-reason.ts';
