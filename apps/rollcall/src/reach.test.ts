import { expect, test } from 'vitest';
import { consumerOf, reach } from './reach.ts';

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

test('all of it can be in the environment, as adapters have it', () => {
  const settings = reach({}, env);
  expect(settings.network.name).toBe('rabbitmq-3');
  expect(consumerOf(settings)).toEqual({
    url: 'amqps://broker:5671',
    username: 'u',
    password: 'p',
    amqpHostname: 'vhost:iot',
    hostnameVerification: true,
    tlsChoice: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' },
  });
});

test('the command line goes first, and a URL decides about TLS', () => {
  const settings = reach({ url: 'amqp://other@[::1]:5672', network: 'artemis' }, env);
  expect(settings.network.name).toBe('artemis');
  expect(consumerOf(settings)).toMatchObject({ url: 'amqp://[::1]:5672', username: 'other', password: 'p' });
});

test('mistakes in the environment are told, and another section is none of ours', () => {
  expect(() => reach({}, { ROLLCALL_MESSAGING_PORT: 'x' })).toThrow(/ROLLCALL_MESSAGING_PORT/);
  expect(() => reach({}, { ROLLCALL_MESSAGING_PROT: '1' })).toThrow(/did you mean ROLLCALL_MESSAGING_PORT/);
});
