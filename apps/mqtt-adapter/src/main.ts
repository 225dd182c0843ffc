#!/usr/bin/env node
import {
  printConfig,
  runProcess,
  selectSinks,
  shutdownRequested,
  startAdapter,
} from '@rollcall/adapter-kit';
import { createMessaging } from '@rollcall/amqp-sender';
import { systemClock as clock, systemRandom as random } from '@rollcall/core';
import { createPasswordVerifier, openFileRegistry } from '@rollcall/device-registry';
import { createLoggerSink } from '@rollcall/logger-sink';
import { pino } from 'pino';
import { createMqttAdapter } from './adapter.ts';
import { connectionLimit, loadMqttConfig, mqttAdapterOptions } from './config.ts';

await runProcess(async () => {
  const { kit, own, effective } = loadMqttConfig(process.env);
  if (process.argv.includes('--print-config')) {
    process.stdout.write(printConfig(effective));
    return;
  }
  // placeholder composition
});
