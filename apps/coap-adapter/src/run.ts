import { connectionLimit } from '@rollcall/adapter-kit/listening';
import { runAdapterProcess } from '@rollcall/adapter-process';
import { amqp } from '@rollcall/amqp-sender';
import { createPasswordVerifier, openFileRegistry } from '@rollcall/device-registry';
import { amqpRegistry } from '@rollcall/device-registry-amqp';
import { redis } from '@rollcall/directory-redis';
import { createLog, createLoggerSink } from '@rollcall/logger-sink';
import { createCoapAdapter } from './adapter.ts';
import { coapAdapterOptions, loadCoapConfig } from './config.ts';
import { limitYoungGeneration } from './limit-young-generation.ts';

limitYoungGeneration();
await runAdapterProcess({
  name: 'coap-adapter',
  createLog,
  messaging: [amqp],
  directories: [redis],
  registries: [amqpRegistry],
  load: loadCoapConfig,
  compose: ({ own }) => ({
    adapter: createCoapAdapter(coapAdapterOptions(own)),
    maxConnections: connectionLimit(own.maxConnections),
    openRegistry: openFileRegistry,
    createPasswords: createPasswordVerifier,
    createLoggerSink,
  }),
});
