import { describeEnvironment } from '@rollcall/adapter-kit/conformance';
import { amqp } from '@rollcall/amqp-sender';
import { ConfigError } from '@rollcall/core';
import { expect, test } from 'vitest';
import { loadTemplateConfig, templateOptions } from './config.ts';

const required = { ROLLCALL_REGISTRY_FILE: 'registry.yaml', ROLLCALL_MESSAGING_HOST: '127.0.0.1' };

test('what is not set has its default', () => {
  const { own } = loadTemplateConfig({ ...required, ROLLCALL_TEMPLATE_IDLELIMIT: '60000' }, [amqp]);
  expect(own).toMatchObject({
    port: 7_070,
    host: '127.0.0.1',
    maxLineBytes: 4_096,
    maxConnections: 10_000,
    loginTimeoutMs: 10_000,
    idleLimitMs: 60_000,
  });
});

test('every mistake is told at once', () => {
  const load = (): unknown =>
    loadTemplateConfig(
      {
        ...required,
        ROLLCALL_TEMPLATE_PORT: 'many',
        ROLLCALL_TEMPLATE_IDLELIMIT: '0',
        ROLLCALL_TEMPLATE_BINDADRESS: '::1',
      },
      [amqp],
    );
  expect(load).toThrow(ConfigError);
  expect(load).toThrow(/TEMPLATE_PORT[^]*TEMPLATE_IDLELIMIT|TEMPLATE_IDLELIMIT[^]*TEMPLATE_PORT/);
  expect(load).toThrow(/TEMPLATE_BINDADRESS: unknown option; did you mean ROLLCALL_TEMPLATE_BINDADDRESS/);
});

describeEnvironment(new URL('../README.md', import.meta.url), templateOptions, [amqp]);
