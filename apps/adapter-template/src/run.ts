import { runAdapterProcess } from '@rollcall/adapter-kit';
import { createMessaging, networkPresets, tenantRules } from '@rollcall/amqp-sender';
import { createPasswordVerifier, openFileRegistry } from '@rollcall/device-registry';
import { createLog, createLoggerSink } from '@rollcall/logger-sink';
import { createTemplateAdapter } from './adapter.ts';
import { loadTemplateConfig } from './config.ts';

await runAdapterProcess({
  name: 'adapter-template',
  createLog,
  load: loadTemplateConfig,
  compose: ({ own }) => ({
    adapter: createTemplateAdapter(own),
    maxConnections: own.maxConnections,
    openRegistry: openFileRegistry,
    createPasswords: createPasswordVerifier,
    createMessaging,
    createLoggerSink,
    tenantRules,
    networkPresets,
  }),
});
