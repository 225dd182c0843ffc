export { addressFor } from './address-template.ts';
export { createDeviceDataSender, type DeviceDataSenderOptions } from './device-data-sender.ts';
export { createEventsSink, type EventsSinkOptions } from './events-sink.ts';
export { createAmqpConnection, type AmqpConnection, type AmqpConnectionOptions } from '@rollcall/amqp-connection';
