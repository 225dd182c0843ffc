import { describeEnvironment } from '@rollcall/adapter-conformance';
import { amqp } from '@rollcall/amqp-sender';
import { amqpRegistry } from '@rollcall/device-registry-amqp';
import { redis } from '@rollcall/directory-redis';
import { ConfigError } from '@rollcall/core';
import { expect, test } from 'vitest';
import { amqpAdapterOptions, amqpOptions, loadAmqpConfig } from './config.ts';

test('options are read from the variables of Eclipse Hono', () => {
  const { own } = loadAmqpConfig(
    {
      ROLLCALL_REGISTRY_FILE: 'registry.yaml',
      HONO_AMQP_INSECUREPORTENABLED: 'true',
      HONO_AMQP_INSECUREPORT: '15672',
      HONO_AMQP_MAXPAYLOADSIZE: '4096',
      HONO_AMQP_IDLETIMEOUT: '30000',
      HONO_MESSAGING_HOST: 'dispatch-router',
    },
    [amqp],
  );
  expect(amqpAdapterOptions(own)).toMatchObject({
    plain: { host: '127.0.0.1', port: 15_672 },
    maxPayloadBytes: 4_096,
    idleTimeoutMs: 30_000,
    maxFrameBytes: 16_384,
  });
});

test('a configuration without a port to listen on is refused', () => {
  const env = { ROLLCALL_REGISTRY_FILE: 'r', ROLLCALL_MESSAGING_HOST: 'h' };
  expect(() => loadAmqpConfig(env, [amqp])).toThrow(ConfigError);
});

describeEnvironment(new URL('../README.md', import.meta.url), amqpOptions, [amqp, redis, amqpRegistry]);
