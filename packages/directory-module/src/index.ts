export type { DirectoryModule, FleetEngine, FleetEngineContext } from './directory-module.ts';
