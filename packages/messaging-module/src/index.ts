export type { InForce, Messaging, MessagingContext, MessagingModule } from './messaging-module.ts';
