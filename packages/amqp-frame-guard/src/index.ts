export { creditOfLink } from './credit-of-link.ts';
export { forgoSilenceTimer } from './forgo-silence-timer.ts';
export { defaultGuardLimits, type GuardLimits } from './guard-limits.ts';
export { GuardedSocket, type GuardedSocketOptions } from './guarded-socket.ts';
export { settleDelivery, type Verdict } from './settle-delivery.ts';
