// For the other packages that make an adapter process; it may change with any version.
export { chooseMessaging } from './choose-messaging.ts';
export { createMessaging } from './create-messaging.ts';
export type { ChosenMessaging } from './messaging-module.ts';
export { optionsOfModules } from './module-options.ts';
export { noMessaging, noMessagingText } from './no-messaging.ts';
