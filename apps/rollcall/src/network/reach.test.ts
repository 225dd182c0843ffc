import { consumerSettings } from '@rollcall/amqp-sender/internal';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { reach } from './reach.ts';

const env = {
  ROLLCALL_MESSAGING_HOST: 'broker',
  HONO_MESSAGING_PORT: '5671',
  ROLLCALL_MESSAGING_TLSENABLED: 'true',
  ROLLCALL_MESSAGING_USERNAME: 'u',
  ROLLCALL_MESSAGING_PASSWORD: 'p',
  ROLLCALL_MESSAGING_NETWORK: 'rabbitmq-3',
  ROLLCALL_MESSAGING_AMQPHOSTNAME: 'vhost:iot',
  ROLLCALL_MQTT_NONSENSE: 'is no matter of the tools',
};

test('the environment can say all of it, as it does for adapters', () => {
  const settings = reach({}, env);
  expect(settings.network.name).toBe('rabbitmq-3');
  expect(consumerSettings(settings)).toEqual({
    url: 'amqps://broker:5671',
    username: 'u',
    password: 'p',
    amqpHostname: 'vhost:iot',
    hostnameVerification: true,
    tlsChoice: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' },
  });
});

test('the password can be in a file, as it can for adapters', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-reach-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'password');
  writeFileSync(file, 'from a file\n');
  const { ROLLCALL_MESSAGING_PASSWORD: _password, ...others } = env;
  const settings = reach({}, { ...others, ROLLCALL_MESSAGING_PASSWORD_FILE: file });
  expect(consumerSettings(settings)).toMatchObject({ password: 'from a file' });
});

test('the command line goes before the environment, and a URL decides about TLS', () => {
  const settings = reach({ url: 'amqp://other@[::1]:5672', network: 'artemis' }, env);
  expect(settings.network.name).toBe('artemis');
  expect(consumerSettings(settings)).toMatchObject({
    url: 'amqp://[::1]:5672',
    username: 'other',
    password: 'p',
  });
});

test('a mistake in the options of messaging is an error, and other sections are ignored', () => {
  expect(() => reach({}, { ROLLCALL_MESSAGING_PORT: 'x' })).toThrow(/ROLLCALL_MESSAGING_PORT/);
  expect(() => reach({}, { ROLLCALL_MESSAGING_PROT: '1' })).toThrow(/did you mean ROLLCALL_MESSAGING_PORT/);
});
