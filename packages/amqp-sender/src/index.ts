export { createMessaging, type Messaging, type MessagingOptions } from './create-messaging.ts';
export { createDeviceDataSender, type DeviceDataSenderOptions } from './device-data-sender.ts';
export { createEventsSink, type EventsSinkOptions } from './events-sink.ts';
export type { NetworkChoice, NetworkName, NetworkOptions } from './messaging-network.ts';
export { networkPresets } from './network-presets.ts';
export { tenantRules } from './tenant-rules.ts';
export { resolveNetwork } from './resolve-network.ts';
