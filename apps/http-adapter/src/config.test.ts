import { describeEnvironment } from '@rollcall/adapter-conformance';
import { amqp } from '@rollcall/amqp-sender';
import { amqpRegistry } from '@rollcall/device-registry-amqp';
import { redis } from '@rollcall/directory-redis';
import { ConfigError } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { httpAdapterOptions, httpOptions, loadHttpConfig } from './config.ts';

const required = {
  ROLLCALL_REGISTRY_FILE: 'registry.yaml',
  ROLLCALL_MESSAGING_HOST: '127.0.0.1',
  ROLLCALL_HTTP_INSECUREPORTENABLED: 'true',
};

describe('the configuration of the HTTP adapter', () => {
  test('is read from the variables of Hono', () => {
    const { own } = loadHttpConfig(
      {
        ...required,
        HONO_HTTP_INSECUREPORT: '18080',
        HONO_HTTP_IDLETIMEOUT: '30',
        HONO_HTTP_REALM: 'Plant',
        HONO_HTTP_CORSALLOWEDORIGIN: 'https://.*\\.example',
      },
      [amqp],
    );
    expect(httpAdapterOptions(own)).toMatchObject({
      plain: { host: '127.0.0.1', port: 18_080 },
      idleTimeoutMs: 30_000,
      realm: 'Plant',
      allowedOrigin: /^(?:https:\/\/.*\.example)$/,
      lease: { defaultMs: 600_000 },
    });
  });

  test('that is wrong is refused with every problem in it', () => {
    const { ROLLCALL_HTTP_INSECUREPORTENABLED: _enabled, ...nowhere } = required;
    const load = (): unknown =>
      loadHttpConfig(
        {
          ...nowhere,
          ROLLCALL_HTTP_CORSALLOWEDORIGIN: '(',
          ROLLCALL_LEASE_MININTERVAL: '2000',
          ROLLCALL_LEASE_MAXINTERVAL: '1000',
        },
        [amqp],
      );
    let problems: readonly string[] = [];
    try {
      load();
    } catch (error) {
      if (error instanceof ConfigError) problems = error.problems;
    }
    expect(problems).toEqual([
      'ROLLCALL_HTTP_CORSALLOWEDORIGIN: must be * or a regular expression',
      expect.stringContaining('no port to listen on'),
      'ROLLCALL_LEASE_MININTERVAL: must not be more than ROLLCALL_LEASE_MAXINTERVAL',
    ]);
  });
});

describeEnvironment(new URL('../README.md', import.meta.url), httpOptions, [amqp, redis, amqpRegistry]);
