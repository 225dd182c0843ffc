#!/usr/bin/env node
import { runAdapterProcess } from '@rollcall/adapter-kit';
import { createMessaging, tenantRules } from '@rollcall/amqp-sender';
import { createPasswordVerifier, openFileRegistry } from '@rollcall/device-registry';
import { createLog, createLoggerSink } from '@rollcall/logger-sink';
import { createTemplateAdapter } from './adapter.ts';
import { loadTemplateConfig } from './config.ts';

await runAdapterProcess(loadTemplateConfig, ({ kit, own }) => ({
  adapter: createTemplateAdapter(own),
  maxConnections: own.maxConnections,
  log: createLog({ name: 'adapter-template', level: kit.logLevel }),
  openRegistry: openFileRegistry,
  createPasswords: createPasswordVerifier,
  createMessaging,
  createLoggerSink,
  tenantRules,
}));
