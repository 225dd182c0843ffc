export { createMessaging, type MessagingOptions } from './create-messaging.ts';
export type { NetworkChoice, NetworkName } from './messaging-network.ts';
export { amqp } from './module/amqp.ts';
export type { Messaging } from '@rollcall/messaging-module';
