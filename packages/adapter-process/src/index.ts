export type { AdapterParts, AdapterRunSettings, RunningAdapter } from './composition/adapter-parts.ts';
export { kitOptions } from './config/kit-options.ts';
export { type ConfigParts, type LoadedConfig, loadConfig } from './config/load-config.ts';
export { logFormatOf } from './config/log-format.ts';
export { printConfig } from './config/print-config.ts';
export { selectSinks } from './config/select-sinks.ts';
export { type Settled, buryConnections, settleJournal } from './journal/settle-journal.ts';
export { guardConsole } from './lifecycle/guard-console.ts';
export { libraryDebugProblems } from './lifecycle/library-debug.ts';
export { onHangup } from './lifecycle/on-hangup.ts';
export {
  type AdapterProgram,
  type Composition,
  type LogSettings,
  runAdapterProcess,
} from './lifecycle/run-adapter-process.ts';
export { shutdownRequested } from './lifecycle/shutdown-requested.ts';
export { tellFatal } from './lifecycle/tell-fatal.ts';
export { codedLog } from './messages/coded-log.ts';
export { startAdapter } from './start-adapter.ts';
