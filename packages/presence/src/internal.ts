// For the other packages that make an adapter process; it may change with any version.
export { announceAgain } from './announcing/announce-again.ts';
export { type Announcer, createAnnouncer } from './announcing/announcer.ts';
export { createLocalDirectory } from './directory/local-directory.ts';
export { type RestoredLease, restoreLease } from './leases/restored-lease.ts';
export { createRhythmStore, type RhythmStore } from './leases/rhythm-store.ts';
export { watchRegistry } from './leases/watch-registry.ts';
export type { OpenEvent } from './open-event.ts';
export { createEpochSource, type EpochSource } from './stamping/epoch-source.ts';
export { decidedAt, idOfLost, stampOwed } from './stamping/stamp-owed.ts';
export { type StampContext, stampLost } from './stamping/stamp.ts';
export { tellOfJournal } from './stamping/tell-of-journal.ts';
export { uuidV7 } from './stamping/uuid-v7.ts';
export { createWallTime } from './stamping/wall-time.ts';
export { type AnonymousConnections, createAnonymousConnections } from './tracking/anonymous-connections.ts';
export { type Connections, createConnections } from './tracking/connections.ts';
export { drain } from './tracking/drain.ts';
