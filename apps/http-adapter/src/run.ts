import { connectionLimit } from '@rollcall/adapter-kit/listening';
import { runAdapterProcess } from '@rollcall/adapter-process';
import { amqp } from '@rollcall/amqp-sender';
import { createPasswordVerifier, openFileRegistry } from '@rollcall/device-registry';
import { amqpRegistry } from '@rollcall/device-registry-amqp';
import { redis } from '@rollcall/directory-redis';
import { createLog, createLoggerSink } from '@rollcall/logger-sink';
import { createHttpAdapter } from './adapter.ts';
import { httpAdapterOptions, loadHttpConfig } from './config.ts';

await runAdapterProcess({
  name: 'http-adapter',
  createLog,
  messaging: [amqp],
  directories: [redis],
  registries: [amqpRegistry],
  load: loadHttpConfig,
  compose: ({ own }) => ({
    adapter: createHttpAdapter(httpAdapterOptions(own)),
    maxConnections: connectionLimit(own.maxConnections),
    openRegistry: openFileRegistry,
    createPasswords: createPasswordVerifier,
    createLoggerSink,
  }),
});
