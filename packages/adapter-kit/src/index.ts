export { refusalStatuses } from './authentication/refusal-statuses.ts';
export type { Proof } from './authentication/proof.ts';
export { environmentTable } from './config/environment-table.ts';
export { anyOrPattern, flag, milliseconds, oneOf, port, text, wholeNumber } from './config/formats.ts';
export { kitOptions } from './config/kit-options.ts';
export { loadConfig, type ConfigParts, type LoadedConfig } from './config/load-config.ts';
export { printConfig } from './config/print-config.ts';
export { readPem } from './config/read-pem.ts';
export { option, optional, type Option, type Options, type ValuesOf } from './config/option.ts';
export { readOptions, type Effective, type ReadResult } from './config/read-options.ts';
export { selectSinks } from './config/select-sinks.ts';
export { leaseAtDeadline, leaseDueAt, leaseGivenUp, renewOnSign, type Lease } from './leases/lease.ts';
export { createLeaseBook, holderKey, type LeaseBook, type LeaseWatch } from './leases/lease-book.ts';
export {
  afterSignal,
  leaseOver,
  leaseTracker,
  plainLease,
  type AbsentHolder,
  type LeaseHolding,
  type LeaseOutcome,
  type LeaseSignal,
} from './leases/lease-tracker.ts';
export type { LeaseSettings, LeaseTerms } from './leases/lease-interval.ts';
export { planProbe, type ProbePlan } from './leases/probe-plan.ts';
export { leaseOptions, leaseProblems, leaseSettings } from './leases/lease-options.ts';
export { requestUnderWay, type RequestUnderWay } from './leases/request-under-way.ts';
export type { RestoredLease } from './leases/restored-lease.ts';
export { closedAt, closesToSleep, keptInVain } from './leases/closing-habit.ts';
export type { ClosingHabit } from './journal/learned-rhythm.ts';
export type { LearnedGaps } from './journal/learned-rhythm.ts';
export type { Rhythm } from './leases/rhythm.ts';
export type { RhythmStore } from './leases/rhythm-store.ts';
export { guardConsole } from './lifecycle/guard-console.ts';
export { libraryDebugProblems } from './lifecycle/library-debug.ts';
export { logFormatOf } from './config/log-format.ts';
export {
  runAdapterProcess,
  type AdapterProgram,
  type Composition,
  type LogSettings,
} from './lifecycle/run-adapter-process.ts';
export { tellFatal } from './lifecycle/tell-fatal.ts';
export { shutdownRequested } from './lifecycle/shutdown-requested.ts';
export type { AddressRanges } from './config/address-ranges.ts';
export { onArrival } from './arrival/on-arrival.ts';
export { FrameCutter, type Cut } from './arrival/frame-cutter.ts';
export {
  lengthPrefixFormat,
  lineFormat,
  type FrameBounds,
  type FrameFormat,
  type LengthPrefix,
} from './arrival/frame-format.ts';
export { readArrived } from './arrival/read-arrived.ts';
export { readFrames } from './arrival/read-frames.ts';
export { bind } from './listening/bind.ts';
export { destroyUnlessClosed } from './listening/destroy-unless-closed.ts';
export { boundRequests } from './listening/bound-requests.ts';
export {
  authenticationRequiredOption,
  balancersOption,
  connectionLimit,
  listenerOptions,
  listenerProblems,
  listenersOf,
  tcpOptions,
  type Listener,
  type Listeners,
  type TlsListener,
} from './listening/listener-options.ts';
export { peerAddress, remoteIpOf } from './listening/peer-address.ts';
export { peerCertificate } from './listening/peer-certificate.ts';
export { tlsServerOptions } from './listening/tls-server-options.ts';
export type { SocketPlace } from './listening/pending-sockets.ts';
export { listenForSockets, type SocketServerOptions } from './listening/socket-server.ts';
export type { Journal, NotedPresence, OpenEntry, PendingEvent, Recovered } from './journal/journal.ts';
export { createRefusalReport, type RefusalReport } from './refusals/refusal-report.ts';
export type { Messaging, MessagingContext, MessagingModule } from './messaging/messaging-module.ts';
export { createMemoryJournal } from './journal/memory-journal.ts';
export type { ConnectionAttempt } from './authentication/access-observer.ts';
export type {
  AdapterObserver,
  FinishedUpload,
  ObservedState,
} from './observer/adapter-observer.ts';
export type { AppMetric, AppMetrics, AppMetricValue } from './observer/app-metrics.ts';
export type { OutboxBounds } from './outbox/outbox.ts';
export type { AccessEnd, HostAccess, HeldProof } from './access/host-access.ts';
export type { AdapterHost, HostContext, ListenAddress, ProtocolAdapter, RunningProtocol } from './protocol-adapter.ts';
export type { AnonymousConnection, ConnectionDescription, EndCauses, EndReason, HostPresence, OpenConnection } from './tracking/host-presence.ts';
export type { AuthenticatedDevice, AuthenticationResult, LoginProblem, Refusal, RefusalReason } from './authentication/authentication-result.ts';
export type { CertificateLogin, DeviceLogin, PasswordLogin, PskCandidate, PskLogin, PskLookup } from './authentication/login.ts';
export type { HostLeases } from './leases/host-leases.ts';
export type { HostUplink, UploadRequest, UploadResult } from './upload/host-uplink.ts';
export type { AdapterParts, AdapterRunSettings, RunningAdapter } from './composition/adapter-parts.ts';
export { startAdapter } from './start-adapter.ts';
export {
  afterFailedUpload,
  mayBeSentAgain,
  uploadEndReason,
  type AfterFailedUpload,
  type FailedUpload,
  type UploadEndReason,
  type UploadVoice,
} from './upload/after-failed-upload.ts';
export { timeTillDisconnect } from './upload/time-till-disconnect.ts';
export { createUploadWindow, type UploadWindow } from './upload/upload-window.ts';
export { readUploadAddress, type UploadAddress } from './upload/upload-address.ts';
export { track, type Tracked } from './tracking/track.ts';
export { session, sessionTracker, type Liveness, type SessionState } from './tracking/session-tracker.ts';
export {
  certificatesIn,
  checkNewPair,
  checkPair,
  privateKeyIn,
  type CheckedPair,
  type PemPair,
} from './followed-files/certificate-pair.ts';
export type { FollowedSet, UsedFiles } from './followed-files/followed-files.ts';
export type { TlsChoice, TlsVersion } from './config/tls-choice.ts';
export { onHangup } from './lifecycle/on-hangup.ts';
