export type { FrameFacts } from './conversation.ts';
export type { ForeseenEnd } from './foresight.ts';
export { defaultGuardLimits, unfinishedPartBytes, type GuardLimits } from './guard-limits.ts';
export { GuardedSocket, type GuardedSocketOptions } from './guarded-socket.ts';
