import { expect, test } from 'vitest';
import { problemText } from './option-problem.ts';
import { readOptions } from './read-options.ts';
import {
  cipherSuitesOption,
  openSslName,
  secureProtocolsOption,
  tlsChoice,
  tlsChoiceProblems,
} from './tls-choice.ts';

const options = { protocols: secureProtocolsOption('MQTT'), suites: cipherSuitesOption('MQTT') };
const read = (env: Record<string, string>) => readOptions(options, env);

test.each([
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384', 'ECDHE-RSA-AES256-SHA384'],
  ['TLS_DHE_RSA_WITH_AES_128_CBC_SHA', 'DHE-RSA-AES128-SHA'],
  ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
  ['TLS_RSA_WITH_AES_256_CBC_SHA256', 'AES256-SHA256'],
  ['TLS_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
])('%s of Java or OpenSSL is %s', (name, openSsl) => {
  expect(openSslName(name)).toBe(openSsl);
});

test.each([
  'TLS_RSA_WITH_RC4_128_MD5',
  'TLS_PSK_WITH_AES_128_GCM_SHA256',
  'PSK-AES128-GCM-SHA256',
  'HIGH',
  '!aNULL',
  'ECDHE-RSA-AES128-GCM-SHA256:HIGH',
  'TLS_',
])('%s is a configuration error', (name) => {
  expect(
    read({ ROLLCALL_MQTT_SUPPORTEDCIPHERSUITES: `AES128-SHA,${name}` }).problems.map(({ text }) => text),
  ).toEqual([
    `ROLLCALL_MQTT_SUPPORTEDCIPHERSUITES: there is no cipher suite ${name} to be used with certificates`,
  ]);
});

test('the names that Hono has work; older versions are refused with the reason', () => {
  const { values, problems } = read({
    HONO_MQTT_SECUREPROTOCOLS: 'TLSv1.3,TLSv1.2',
    HONO_MQTT_SUPPORTEDCIPHERSUITES: 'TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  });
  expect(problems).toEqual([]);
  expect(tlsChoice(values.protocols, values.suites)).toEqual({
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256',
  });
  expect(read({ HONO_MQTT_SECUREPROTOCOLS: 'TLSv1.1,TLSv1.2' }).problems.map(({ text }) => text)).toEqual([
    'HONO_MQTT_SECUREPROTOCOLS: TLSv1.1 is not spoken here: it is broken (RFC 8996)',
  ]);
  expect(read({ HONO_MQTT_SECUREPROTOCOLS: 'TLS1.3' }).problems.map(({ text }) => text)).toEqual([
    'HONO_MQTT_SECUREPROTOCOLS: must be TLSv1.2, TLSv1.3 or both, separated by commas',
  ]);
});

test('a version of which no suite is named is not spoken; where none is left, that is a problem', () => {
  expect(tlsChoice(undefined, ['TLS_AES_128_GCM_SHA256'])).toMatchObject({ minVersion: 'TLSv1.3' });
  expect(tlsChoice(undefined, ['AES128-SHA'])).toMatchObject({ maxVersion: 'TLSv1.2' });
  expect(tlsChoice(['TLSv1.3'])).toEqual({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' });
  expect(tlsChoiceProblems('MQTT', ['TLSv1.3'], ['AES128-SHA']).map(problemText)).toEqual([
    'ROLLCALL_MQTT_SUPPORTEDCIPHERSUITES: has no cipher suite of a version in ROLLCALL_MQTT_SECUREPROTOCOLS',
  ]);
});

test.each([
  ['MQTT', true],
  ['AMQP', true],
  ['HTTP', true],
  ['COAP', true],
  ['MESSAGING', true],
  ['TEMPLATE', false],
  ['STOMP', false],
])('an option of section %s is read from HONO_… only if Hono has that section: %j', (section, ofHono) => {
  const name = `HONO_${section}_SECUREPROTOCOLS`;
  const { values, warnings } = readOptions(
    { protocols: secureProtocolsOption(section), suites: cipherSuitesOption(section) },
    { [name]: 'TLSv1.3' },
  );
  expect(values.protocols).toEqual(ofHono ? ['TLSv1.3'] : undefined);
  expect(warnings).toEqual(
    ofHono
      ? []
      : [`${name}: unknown option of Hono, left aside; here it is ROLLCALL_${section}_SECUREPROTOCOLS`],
  );
});
