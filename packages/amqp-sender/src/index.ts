export { addressTemplate } from './address-template.ts';
export { createMessaging, type Messaging, type MessagingOptions } from './create-messaging.ts';
export { createDeviceDataSender, type DeviceDataSenderOptions } from './device-data-sender.ts';
export { createEventsSink, type EventsSinkOptions } from './events-sink.ts';
