// For Rollcall's other programs; it may change with any version.
export { amqpSettings as messagingSettings, type MessagingSettings } from './module/amqp-settings.ts';
export { consumerSettings, type ConsumerSettings } from './module/consumer-settings.ts';
export { loadMessaging } from './module/load-messaging.ts';
export { networkPresets } from './network-presets.ts';
export { tenantRules } from './tenant-rules.ts';
export { createDeviceDataSender } from './device-data-sender.ts';
export { resolveNetwork } from './resolve-network.ts';
