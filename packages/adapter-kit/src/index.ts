export { environmentTable } from './config/environment-table.ts';
export { flag, listOf, milliseconds, oneOf, port, text, wholeNumber } from './config/formats.ts';
export { kitOptions } from './config/kit-options.ts';
export { loadConfig, printConfig, type LoadedConfig } from './config/load-config.ts';
export { messagingSettings, readPem, type MessagingSettings } from './config/messaging-settings.ts';
export { option, optional, type Option, type Options, type ValuesOf } from './config/option.ts';
export { readOptions, type Effective, type ReadResult } from './config/read-options.ts';
export { selectSinks } from './config/select-sinks.ts';
export { runAdapterProcess, type Composition } from './lifecycle/run-adapter-process.ts';
export { runProcess } from './lifecycle/run-process.ts';
export { shutdownRequested } from './lifecycle/shutdown-requested.ts';
export type { Journal, PendingEvent, Recovered } from './outbox/journal.ts';
export { createMemoryJournal } from './outbox/memory-journal.ts';
export type { OutboxBounds } from './outbox/outbox.ts';
export type {
  AdapterHost,
  AuthenticatedDevice,
  AuthenticationResult,
  ConnectionDescription,
  EndReason,
  ListenAddress,
  OpenConnection,
  PasswordLogin,
  ProtocolAdapter,
  Refusal,
  RefusalReason,
  RunningProtocol,
  UploadRequest,
  UploadResult,
} from './protocol-adapter.ts';
export {
  startAdapter,
  type AdapterParts,
  type AdapterRunSettings,
  type RunningAdapter,
} from './start-adapter.ts';
export { track, type Tracked } from './tracking/track.ts';
