// For the other packages that make an adapter process; it may change with any version.
export { isBlockedPort } from './listening/blocked-ports.ts';
export { endsOf } from './listening/ends-of.ts';
export { followPair } from './listening/follow-pair.ts';
export { type TlsListener, tlsListenerOf } from './listening/listener-options.ts';
export { tlsServerOptions } from './listening/tls-server-options.ts';
export { createTurnedAway, type TurnedAway } from './listening/turned-away.ts';
export type { AppMetricValue } from './observer/app-metrics.ts';
export { logDeliveries } from './observer/log-deliveries.ts';
export { observeAll } from './observer/observe-all.ts';
export { turnedAwayCauses } from './turned-away-cause.ts';
