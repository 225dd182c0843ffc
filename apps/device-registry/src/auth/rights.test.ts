import { expect, test } from 'vitest';
import { readResource } from './resource.ts';
import { rightsOf } from './rights.ts';

const of = (address: string) => readResource(address) ?? { endpoint: '' };

test.each<[string, unknown, string, 'READ' | 'WRITE', boolean]>([
  ['r:tenant', 'RW', 'tenant', 'WRITE', true],
  ['r:tenant', 'RW', 'tenant/reply-1', 'READ', true],
  ['r:tenant', 'R', 'tenant', 'WRITE', false],
  ['r:registration/*', 'RW', 'registration/acme', 'WRITE', true],
  ['r:registration/*', 'RW', 'registration/acme/reply-1', 'READ', true],
  ['r:registration/acme', 'RW', 'registration/acme', 'WRITE', true],
  ['r:registration/acme', 'RW', 'registration/other', 'WRITE', false],
  ['r:registration/acme/reply-1', 'R', 'registration/acme/reply-1', 'READ', true],
  ['r:registration/acme/reply-1', 'R', 'registration/acme/reply-2', 'READ', false],
  // A right for all tenants is not a right for the endpoint itself.
  ['r:registration/*', 'RW', 'registration', 'WRITE', false],
  ['r:*', 'RW', 'credentials/acme', 'WRITE', true],
  ['r:credentials/acme', '*', 'credentials/acme', 'WRITE', true],
  ['o:credentials/acme', 'RW', 'credentials/acme', 'WRITE', false],
  ['r:credentials/acme', ['R', 'W'], 'credentials/acme', 'WRITE', false],
])('the claim %s: %j lets %s be used to %s: %s', (name, value, address, activity, expected) => {
  expect(rightsOf([[name, value]]).mayUse(of(address), activity)).toBe(expected);
});

test.each<[string, string, string, string, boolean]>([
  ['o:registration/*:*', 'E', 'registration/acme', 'assert', true],
  ['o:registration/*:assert', 'E', 'registration/acme', 'assert', true],
  ['o:registration/acme:assert', 'E', 'registration/acme', 'assert', true],
  ['o:registration/acme:assert', 'E', 'registration/acme', 'remove', false],
  ['o:registration/acme:*', 'E', 'registration/other', 'assert', false],
  ['o:registration/acme:assert', 'RW', 'registration/acme', 'assert', false],
  ['o:registration:assert', 'E', 'registration/acme', 'assert', true],
  ['o:*:*', 'E', 'tenant/acme', 'get', true],
  ['r:registration/acme', 'RWE', 'registration/acme', 'assert', false],
])('the claim %s: %s lets %s be invoked with %s: %s', (name, value, address, operation, expected) => {
  expect(rightsOf([[name, value]]).mayInvoke(of(address), operation)).toBe(expected);
});
