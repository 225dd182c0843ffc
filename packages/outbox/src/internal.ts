// For the other packages that make an adapter process; it may change with any version.
export type { DeliveryObserver } from './delivery/delivery-observer.ts';
export { downstreamOf } from './delivery/downstream-of.ts';
export { type LastDeliveries, createLastDeliveries } from './delivery/last-deliveries.ts';
export type { LostEvents } from './delivery/lost-events.ts';
export { memoryLimit } from './delivery/memory-limit.ts';
export type { BeforeSending, Outbox, SinkDepth } from './delivery/outbox-contract.ts';
export { createOutbox } from './delivery/outbox.ts';
export { factsOfJournal } from './journal/facts-of-journal.ts';
export type { LearnedRhythm } from './journal/learned-rhythm.ts';
export { openJournal } from './journal/open-journal.ts';
export { selectJournal } from './journal/select-journal.ts';
export type { NotedMark, ProofChanges, ProofMark, StoredProofs } from './journal/stored-proofs.ts';
export { endLostSessions, type Deceased } from './recovery/end-lost-sessions.ts';
export { lastKnownTenant } from './recovery/last-known-tenant.ts';
export { resumePending } from './recovery/resume-pending.ts';
export { toldByOthers } from './recovery/told-by-others.ts';
