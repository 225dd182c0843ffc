export type { QueueStats } from './exchange.ts';
export {
  startMessagingNetwork,
  type MessagingNetwork,
  type MessagingNetworkOptions,
} from './messaging-network.ts';
