#!/usr/bin/env node
import { connectionLimit, runAdapterProcess } from '@rollcall/adapter-kit';
import { createMessaging, tenantRules } from '@rollcall/amqp-sender';
import { createPasswordVerifier, openFileRegistry } from '@rollcall/device-registry';
import { createLog, createLoggerSink } from '@rollcall/logger-sink';
import { createHttpAdapter } from './adapter.ts';
import { httpAdapterOptions, loadHttpConfig } from './config.ts';

await runAdapterProcess(loadHttpConfig, ({ kit, own }) => ({
  adapter: createHttpAdapter(httpAdapterOptions(own)),
  maxConnections: connectionLimit(own.maxConnections),
  log: createLog({ name: 'http-adapter', level: kit.logLevel }),
  openRegistry: openFileRegistry,
  createPasswords: createPasswordVerifier,
  createMessaging,
  createLoggerSink,
  tenantRules,
}));
