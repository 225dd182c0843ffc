import { join } from 'node:path';
import type { DeviceRegistry } from '@rollcall/core/registry';
import type { MessagingContext } from '@rollcall/messaging-module';
import type { Options } from '@rollcall/options';
import { filesOfSecrets } from '@rollcall/options/module';
import type { LoadedConfig } from '../config/load-config.ts';
import type { Composition } from './run-adapter-process.ts';

/** Opens the device registry that the configuration names: a file, or that of a module. */
export function openRegistry(
  config: LoadedConfig<Options>,
  composition: Pick<Composition, 'openRegistry'>,
  adapterId: string,
  context: Omit<MessagingContext, 'fileOf'>,
): Promise<DeviceRegistry> {
  const { kit, messaging, registry, effective } = config;
  const tenantRules = messaging?.module.tenantRules(messaging.values) ?? [];
  const fileOf = filesOfSecrets(effective);
  if (registry)
    return registry.module.open(registry.values, {
      ...context,
      tenantRules,
      fileOf,
      openNotifications: () =>
        messaging?.module.openNotifications?.(messaging.values, { ...context, fileOf }),
    });
  const { clock, random, log } = context;
  return composition.openRegistry({
    file: kit.registryFile ?? '',
    holdMs: kit.registryHoldMs,
    tenantRules,
    ...registryMemory(config, adapterId),
    clock,
    random,
    log,
  });
}

/** Beside the journal. */
function registryMemory(
  { kit: { journalKind, journalDirectory } }: LoadedConfig<Options>,
  adapterId: string,
): { readonly rememberIn?: string } {
  if (journalKind === 'memory' || journalDirectory === undefined) return {};
  return { rememberIn: join(journalDirectory, `${adapterId}.registry`) };
}
