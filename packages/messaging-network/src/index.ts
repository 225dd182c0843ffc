export {
  startMessagingNetwork,
  type MessagingNetwork,
  type MessagingNetworkOptions,
} from './messaging-network.ts';
export type { QueueStats } from './queues.ts';
