export type { RegistryContext, RegistryModule } from './registry-module.ts';
