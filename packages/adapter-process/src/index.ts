export type { AdapterParts, AdapterRunSettings, RunningAdapter } from './composition/adapter-parts.ts';
export { type ConfigParts, loadConfig, type LoadedConfig } from './config/load-config.ts';
export { selectSinks } from './config/select-sinks.ts';
export {
  type AdapterProgram,
  type Composition,
  type LogSettings,
  runAdapterProcess,
} from './lifecycle/run-adapter-process.ts';
export { shutdownRequested } from './lifecycle/shutdown-requested.ts';
export { startAdapter } from './start-adapter.ts';
