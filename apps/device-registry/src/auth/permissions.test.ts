import { expect, test } from 'vitest';
import { readPermissions } from './permissions.ts';

const roles = {
  adapter: [
    { resource: 'registration/*', activities: ['READ', 'WRITE'] },
    { operation: 'registration/*:*', activities: ['EXECUTE'] },
  ],
  reader: [{ resource: 'tenant', activities: ['READ'] }],
};
const user = { mechanism: 'PLAIN', password: 'secret', authorities: ['adapter', 'reader', 'no such role'] };
const read = (content: unknown) => readPermissions(JSON.stringify(content));
const registration = { endpoint: 'registration', tenant: 'acme' };

test('a user has the rights of all its roles, and a role that does not exist is ignored', () => {
  const permissions = read({ roles, users: { 'mqtt@HONO': user } });
  const rights = permissions.user('mqtt@HONO')?.rights;
  expect(rights?.mayUse(registration, 'WRITE')).toBe(true);
  expect(rights?.mayInvoke(registration, 'assert')).toBe(true);
  expect(rights?.mayUse({ endpoint: 'tenant' }, 'READ')).toBe(true);
  expect(rights?.mayUse({ endpoint: 'tenant' }, 'WRITE')).toBe(false);
  expect(permissions.user('mqtt@HONO')?.mayActAsOthers).toBe(false);
  expect(permissions.size).toBe(1);
});

test('a component may act as another user, and a user of the mechanism EXTERNAL cannot log in', () => {
  const permissions = read({
    users: {
      component: { ...user, authorities: ['hono-component'] },
      external: { mechanism: 'EXTERNAL', authorities: [] },
    },
  });
  expect(permissions.user('component')?.mayActAsOthers).toBe(true);
  expect(permissions.user('external')).toBeUndefined();
});

test('a name that all objects inherit, such as toString, is not a user or a role', () => {
  const permissions = read({ roles, users: { a: { ...user, authorities: ['constructor', '__proto__'] } } });
  expect(permissions.user('constructor')).toBeUndefined();
  expect(permissions.user('a')?.rights.mayUse(registration, 'READ')).toBe(false);
});

test.each<[string, unknown, RegExp]>([
  [
    'neither a resource nor an operation',
    { roles: { r: [{ activities: ['READ'] }] }, users: {} },
    /^roles\.r\.0/,
  ],
  [
    'an unknown activity',
    { roles: { r: [{ resource: 'a', activities: ['FLY'] }] }, users: {} },
    /^roles\.r\.0/,
  ],
  ['no password', { users: { a: { mechanism: 'PLAIN' } } }, /^users\.a: must have a password/],
  [
    'a password and its hash',
    { users: { a: { ...user, 'hash-function': 'bcrypt', 'pwd-hash': '$2a$' } } },
    /^users\.a: must have a password/,
  ],
  ['another mechanism', { users: { a: { ...user, mechanism: 'ANONYMOUS' } } }, /^users\.a\.mechanism/],
  ['no users', {}, /^users/],
])('a file with %s cannot be used', (_what, content, problem) => {
  expect(() => read(content)).toThrow(problem);
});

test('a problem is reported without a secret', () => {
  expect(() => readPermissions('{"users": {"a": {"password": "s3cret"')).toThrow(/^it is not JSON$/);
});
