// The ports of a fleet: the directory of its connections and leases, the undertaker, and what an operator may ask.
export type { AskedForAnnouncements, AskForAnnouncements } from './ask-for-announcements.ts';
export type {
  ConnectionDirectory,
  CreateDirectory,
  DirectoryContext,
  DirectoryEntry,
  DirectoryListener,
  DirectoryPlace,
  DirectoryStanding,
  DirectoryStatus,
  FleetSight,
  Succession,
  UntoldEndings,
} from './connection-directory.ts';
export type {
  DirectoryLeases,
  GivingUp,
  HeldLease,
  LeaseEntry,
  LeaseListener,
  LeaseStanding,
  LeaseState,
  LifeSign,
  ReportOutcome,
  Taking,
} from './directory-leases.ts';
export type { FleetEngineState, FleetInstance, FleetOverview, InspectFleet } from './fleet-overview.ts';
export { epochAfter } from './ids.ts';
export { OwnEntries } from './own-entries.ts';
export type {
  CreateUndertaker,
  DeadInstance,
  OwedEnding,
  OwedLease,
  PublishingSignal,
  Undertaker,
  UndertakerContext,
} from './undertaker.ts';
