// For Rollcall's other packages; it may change with any version.
export { type ConfigCode, configCodes } from './config-problem.ts';
export type { ConnectedChange, JournalFacts, LeaseBasis, SessionBasis } from './connection-event.ts';
export type { Presence } from './connection-tracker.ts';
export type { PropertyValue } from './device-data-sender.ts';
export { isExactlyKnown } from './disconnect-reason.ts';
export { ContractError, startCodes } from './errors.ts';
export { NotedEndings } from './noted-endings.ts';
export { createSideFacts } from './side-facts.ts';
export {
  type DeclaredDeath,
  type OpenAtInstance,
  type SlotHolder,
  hasTimeLeft,
  heirsOf,
  holderWith,
  isLease,
  isUnconfirmed,
  leaseHeldBy,
  noteDisplaced,
  owedOf,
  reportedWithinMs,
  slotKey,
} from './slot-holder.ts';
export { SplitMap } from './split-map.ts';
