export type { Trouble } from '@rollcall/amqp-connection';
export { consume, type ConsumeOptions, type EventConsumer } from './consume.ts';
export type { EventNetwork } from './network-layouts.ts';
export type { DevicePresence, Ending, OpenConnection, PresenceChange } from './device-presence.ts';
export { createPresenceTable, type PresenceTable, type PresenceTableOptions } from './presence-table.ts';
