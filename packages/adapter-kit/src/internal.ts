// For the other packages that make an adapter process; it may change with any version.
export { type TurnedAway, createTurnedAway, turnedAwayCauses } from './listening/turned-away.ts';
export { logDeliveries } from './observer/log-deliveries.ts';
export { observeAll } from './observer/observe-all.ts';
