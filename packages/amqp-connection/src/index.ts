export { createAmqpConnection, type AmqpConnection } from './amqp-connection.ts';
export { defaultTimings, type AmqpConnectionOptions, type TlsOptions } from './options.ts';
export type { RedialLimits } from './redial-delay.ts';
export { urlOptions, type UrlOptions } from './url-options.ts';
export { isLastingRefusal, type Trouble } from './lasting-trouble.ts';
