import { expect, test } from 'vitest';
import { loggableUsername } from './loggable-username.ts';

test.each([
  ['sensor1@acme', 'sensor1@acme'],
  ['aa:bb:cc@acme', 'aa:bb:cc@acme'],
  ['sensor1@acme:s3cret', 'sensor1@acme:…'],
  ['sensor1@acme:s3c\u0065ret@x:y', 'sensor1@acme:…'],
  [Buffer.from('sensor1@acme:s3cret').toString('base64'), undefined],
  ['eyJhbGciOiJIUzI1NiJ9.e30.s3cret', undefined],
  ['', undefined],
  ['sensor1@acme\n:s3cret', undefined],
])('of %o, the log has %o', (username, logged) => {
  expect(loggableUsername(username)).toBe(logged);
});
