import { expect, test } from 'vitest';
import { authenticationRequiredOption, listenerOptions, tcpOptions } from './listener-options.ts';

const ports = { plain: 1, tls: 2 };

function namesReadFromHono(section: string): readonly string[] {
  const options = {
    ...listenerOptions(section, ports),
    ...tcpOptions(section, 10),
    authenticationRequired: authenticationRequiredOption(section),
  };
  return Object.values(options)
    .filter(({ hono }) => hono)
    .map(({ name }) => name);
}

test.each(['MQTT', 'AMQP', 'HTTP', 'COAP'])(
  'Hono has an adapter for %s: its names are read too',
  (section) => {
    expect(namesReadFromHono(section)).toEqual(
      [
        'INSECUREPORTENABLED',
        'INSECUREPORT',
        'INSECUREPORTBINDADDRESS',
        'PORT',
        'BINDADDRESS',
        'KEYPATH',
        'CERTPATH',
        'MAXCONNECTIONS',
        'SECUREPROTOCOLS',
        'SUPPORTEDCIPHERSUITES',
        'AUTHENTICATIONREQUIRED',
      ].map((suffix) => `${section}_${suffix}`),
    );
  },
);

test.each(['TEMPLATE', 'STOMP'])('Hono has no adapter for %s: no name is read from HONO_…', (section) => {
  expect(namesReadFromHono(section)).toEqual([]);
});
