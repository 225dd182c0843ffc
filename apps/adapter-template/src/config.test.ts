import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeEnvironment } from '@rollcall/adapter-conformance';
import { amqp } from '@rollcall/amqp-sender';
import { amqpRegistry } from '@rollcall/device-registry-amqp';
import { redis } from '@rollcall/directory-redis';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { ConfigError } from '@rollcall/core';
import { expect, onTestFinished, test } from 'vitest';
import { loadTemplateConfig, templateAdapterOptions, templateOptions } from './config.ts';

const required = {
  ROLLCALL_REGISTRY_FILE: 'registry.yaml',
  ROLLCALL_MESSAGING_HOST: '127.0.0.1',
};

test('an option that is not set has its default', () => {
  const { own } = loadTemplateConfig(
    {
      ...required,
      ROLLCALL_TEMPLATE_INSECUREPORTENABLED: 'true',
      ROLLCALL_TEMPLATE_IDLELIMIT: '60000',
    },
    [amqp],
  );
  expect(templateAdapterOptions(own)).toEqual({
    plain: { host: '127.0.0.1', port: 7_070 },
    maxRequestBytes: 4_096,
    loginTimeoutMs: 10_000,
    idleLimitMs: 60_000,
    maxPendingSockets: 10_000,
    maxHandshakes: 500,
  });
});

test('key and certificate open the port with TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const { key, cert } = localhostCertificate();
  const [keyPath, certPath] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  writeFileSync(keyPath, key);
  writeFileSync(certPath, cert);
  const { own } = loadTemplateConfig(
    { ...required, ROLLCALL_TEMPLATE_KEYPATH: keyPath, ROLLCALL_TEMPLATE_CERTPATH: certPath },
    [amqp],
  );
  const { plain, tls } = templateAdapterOptions(own);
  expect(plain).toBeUndefined();
  expect(tls).toMatchObject({ host: '127.0.0.1', port: 7_071, files: { key: keyPath, cert: certPath } });
});

test('a configuration without a port to listen on is refused', () => {
  expect(() => loadTemplateConfig(required, [amqp])).toThrow(/no port to listen on/);
});

test('every mistake is reported at once', () => {
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

describeEnvironment(new URL('../README.md', import.meta.url), templateOptions, [amqp, redis, amqpRegistry]);
