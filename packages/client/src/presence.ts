// The presence service: which devices are connected, what happened to a device, and changes as they come.
export { UnreadableAnswer, type DeviceEnding } from './service/read-presence.ts';
export type { AdapterInstance, PresenceSummary, PresenceTimeline } from './service/read-counts.ts';
export {
  presence,
  PresenceError,
  type AdapterFilter,
  type DeviceFilter,
  type EndingFilter,
  type PastPresence,
  type Presence,
  type PresenceOptions,
  type TimelinePeriod,
} from './service/presence.ts';
export type { PresenceNews } from './service/watch-tenant.ts';
