// For the other packages that make an adapter process; it may change with any version.
export { followPair } from './listening/follow-pair.ts';
export { tlsListenerOf } from './listening/listener-options.ts';
export { type TurnedAway, createTurnedAway } from './listening/turned-away.ts';
export { turnedAwayCauses } from './turned-away-cause.ts';
export { logDeliveries } from './observer/log-deliveries.ts';
export { observeAll } from './observer/observe-all.ts';
