// What every part of Rollcall speaks of: which device, which event, when, and whose mistake an error is.
export type { ConfigProblem } from './config-problem.ts';
export { ConfigError, TransportError } from './errors.ts';
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
