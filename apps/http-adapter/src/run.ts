import { connectionLimit, runAdapterProcess } from '@rollcall/adapter-kit';
import { createMessaging, networkPresets, tenantRules } from '@rollcall/amqp-sender';
import { createPasswordVerifier, openFileRegistry } from '@rollcall/device-registry';
import { createLog, createLoggerSink } from '@rollcall/logger-sink';
import { createHttpAdapter } from './adapter.ts';
import { httpAdapterOptions, loadHttpConfig } from './config.ts';

await runAdapterProcess({
  name: 'http-adapter',
  createLog,
  load: loadHttpConfig,
  compose: ({ own }) => ({
    adapter: createHttpAdapter(httpAdapterOptions(own)),
    maxConnections: connectionLimit(own.maxConnections),
    openRegistry: openFileRegistry,
    createPasswords: createPasswordVerifier,
    createMessaging,
    createLoggerSink,
    tenantRules,
    networkPresets,
  }),
});
