import { expect, test } from 'vitest';
import { saslMechanisms, type SaslCredentials } from './sasl-mechanisms.ts';

test.each<[SaslCredentials, string, string]>([
  [{ username: 'ü', password: 'p€', certificate: true }, 'PLAIN', '\0ü\0p€'],
  [{ username: 'u', password: 'p', authorizationId: 'other', certificate: false }, 'PLAIN', 'other\0u\0p'],
  [{ username: 'u', certificate: true }, 'EXTERNAL', ''],
  [{ certificate: false }, 'ANONYMOUS', 'anonymous'],
])('the credentials %j choose %s', (credentials, name, response) => {
  const mechanisms = saslMechanisms(credentials);
  expect(Object.keys(mechanisms)).toEqual([name]);
  let said: Buffer | undefined;
  mechanisms[name]?.().start((_error, bytes) => {
    said = bytes;
  });
  expect(said?.toString('utf8')).toBe(response);
});

test('a peer that offers the name of an object property is not answered', () => {
  expect(saslMechanisms({ certificate: false })['constructor']).toBeUndefined();
});
