// What every part of Rollcall speaks of: which device, which event, when, and whose mistake an error is. Each task has an entry of its own.
export { every, later, sleep, within, type Clock } from './clock.ts';
export type { ConfigProblem } from './config-problem.ts';
export type {
  AdapterIdentity,
  Basis,
  Change,
  ConnectedEvent,
  ConnectionEvent,
  DisconnectedChange,
  DisconnectedEvent,
  RawCause,
} from './connection-event.ts';
export type { CommonSignal, ConnectionTracker, EndedSignal, Step } from './connection-tracker.ts';
export type { DeviceDataSender, DeviceMessage, UploadFailure, UploadOutcome } from './device-data-sender.ts';
export { disconnectReasons, type DisconnectReason } from './disconnect-reason.ts';
export { ConfigError, TransportError } from './errors.ts';
export type {
  Delivery,
  EventSink,
  OutboundEvent,
  SinkContext,
  SinkFactory,
  TenantDownstream,
} from './event-sink.ts';
export {
  deviceKey,
  deviceRef,
  type ConnectionId,
  type DeviceId,
  type DeviceRef,
  type Epoch,
  type EventId,
  type Instant,
  type TenantId,
  type Timestamp,
} from './ids.ts';
export { silentLog, type Log } from './log.ts';
export type { Random } from './random.ts';
export { systemClock } from './system-clock.ts';
export { systemRandom } from './system-random.ts';
