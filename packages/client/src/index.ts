export type { Trouble } from '@rollcall/amqp-connection';
export { consume, type ConsumeOptions, type EventConsumer } from './consume.ts';
export type { EventNetwork } from './network-layouts.ts';
export type { DevicePresence, Ending, OpenConnection, PresenceChange } from './device-presence.ts';
export { createPresenceTable, type PresenceTable, type PresenceTableOptions } from './presence-table.ts';
export type { DeviceEnding } from './service/read-presence.ts';
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
