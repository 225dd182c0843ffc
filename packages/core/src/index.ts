export { addressBlocks, type AddressBlocks } from './address-blocks.ts';
export { every, later, sleep, within, type Clock } from './clock.ts';
export type {
  AdapterIdentity,
  Basis,
  Change,
  ConnectedChange,
  ConnectedEvent,
  ConnectionEvent,
  DisconnectedChange,
  DisconnectedEvent,
  JournalFacts,
  LeaseBasis,
  RawCause,
  SessionBasis,
} from './connection-event.ts';
export type {
  ConnectionDirectory,
  CreateDirectory,
  DirectoryContext,
  DirectoryEntry,
  DirectoryListener,
  DirectoryPlace,
  DirectoryStanding,
  DirectoryStatus,
  InstanceFacts,
  FleetSight,
  UntoldEndings,
} from './connection-directory.ts';
export type {
  CommonSignal,
  ConnectionTracker,
  DeadlineSignal,
  EndedSignal,
  Presence,
  Step,
} from './connection-tracker.ts';
export type {
  DeviceDataSender,
  DeviceMessage,
  PropertyValue,
  UploadFailure,
  UploadOutcome,
} from './device-data-sender.ts';
export type {
  AdapterSettings,
  Answer,
  AssertionAnswer,
  Credentials,
  CredentialsType,
  DefaultProperties,
  DeviceRegistry,
  HashFunction,
  PasswordSecret,
  PasswordVerdict,
  PasswordVerifier,
  VerifyingTurn,
  PskSecret,
  PublicKeySecret,
  Registration,
  RegistryChange,
  RegistryState,
  ResourceLimits,
  SecretsByType,
  StoredSecret,
  Tenant,
  TrustAnchor,
} from './device-registry.ts';
export { credentialsTypes } from './device-registry.ts';
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
export {
  disconnectReasons,
  isExactlyKnown,
  type DisconnectReason,
  type Initiator,
} from './disconnect-reason.ts';
export { type ConfigCode, type ConfigProblem, configCodes } from './config-problem.ts';
export {
  AdapterError,
  ConfigError,
  ContractError,
  type StartCode,
  startCodes,
  TransportError,
} from './errors.ts';
export type {
  Delivery,
  EventSink,
  OutboundEvent,
  SinkContext,
  SinkFactory,
  TenantDownstream,
} from './event-sink.ts';
export type { Standing } from './crowds.ts';
export type {
  DeceasedInstance,
  FleetEngineState,
  FleetInstance,
  FleetOverview,
  InspectFleet,
  LivingInstance,
} from './fleet-overview.ts';
export { breaksRule, type IdentifierRule } from './identifier-rule.ts';
export { createFairQueue, type FairQueue } from './fair-queue.ts';
export {
  deviceKey,
  deviceRef,
  epochAfter,
  type ConnectionId,
  type DeviceId,
  type DeviceRef,
  type Epoch,
  type EventId,
  type Instant,
  type TenantId,
  type Timestamp,
} from './ids.ts';
export { createOrderedSet, type OrderedSet } from './ordered-set.ts';
export { OwnEntries } from './own-entries.ts';
export { createPlaces, type Places, type PlacesOptions } from './places.ts';
export { silentLog, type Log } from './log.ts';
export { isPrintable, printable, printableJson } from './printable.ts';
export type { Random } from './random.ts';
export { systemClock } from './system-clock.ts';
export { systemRandom } from './system-random.ts';
export type {
  CreateUndertaker,
  DeadInstance,
  OwedEnding,
  PublishingSignal,
  Undertaker,
  UndertakerContext,
} from './undertaker.ts';
export { isValidAt, type Validity } from './validity.ts';
