import type { RegistryModule } from '@rollcall/registry-module';
import { registryOptions } from './registry-options.ts';
import { registryProblems } from './registry-problems.ts';

/** Registries with the API of Eclipse Hono's, as a module of adapters. The AMQP code is loaded only if it is used. */
export const amqpRegistry: RegistryModule<typeof registryOptions> = {
  name: 'amqp',
  options: registryOptions,
  problems: registryProblems,
  async open(values, context) {
    const [{ openAmqpRegistry }, { serviceSettings }] = await Promise.all([
      import('../open-amqp-registry.ts'),
      import('./service-settings.ts'),
    ]);
    return openAmqpRegistry({
      services: {
        tenant: serviceSettings('tenant', values, context),
        registration: serviceSettings('registration', values, context),
        credentials: serviceSettings('credentials', values, context),
      },
      clock: context.clock,
      log: context.log,
      tenantRules: context.tenantRules,
      notifications: context.openNotifications(),
    });
  },
};
