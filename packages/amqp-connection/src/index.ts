export { createAmqpConnection, type AmqpConnection } from './amqp-connection.ts';
export { defaultTimings, type AmqpConnectionOptions, type TlsOptions } from './options.ts';
export type { ReceivedDelivery, ReceiverLink, ReceiverOptions, Settlement } from './receiver-options.ts';
export type { RedialLimits } from './redial-delay.ts';
export type { SendOutcome } from './send-outcome.ts';
export type { SenderLink, SenderOptions, SendOptions } from './sender-options.ts';
export type { TerminusOptions } from './terminus-options.ts';
export { urlOptions, type UrlOptions } from './url-options.ts';
export { isLastingRefusal, type Trouble } from './lasting-trouble.ts';
