// For the other packages that make an adapter process; it may change with any version.
export { createMessaging } from './create-messaging.ts';
export type { ChosenMessaging } from './messaging-module.ts';
export { noMessaging, noMessagingText } from './no-messaging.ts';
