import pg from 'pg';
import { expect, test } from 'vitest';
import { isPassing } from './queries.ts';

function ofServer(code: string): Error {
  return Object.assign(new pg.DatabaseError('refused', 1, 'error'), { code });
}

test.each([
  ['a connection that is lost', '08006', true],
  ['two that wait for each other', '40P01', true],
  ['a full disk', '53100', true],
  ['a shutdown', '57P01', true],
  ['a question that takes too long', '57014', true],
  ['a standby', '25006', true],
  ['a process that stood still within a transaction', '25P03', true],
  ['a changed password', '28P01', true],
  ['a role that may not log in', '28000', true],
  ['a database that was renamed', '3D000', true],
  ['a database that takes no connections', '55000', true],
  ['too many connections', '53300', true],
  ['a server that is starting', '57P03', true],
  ['a text with NUL', '22021', false],
  ['a table that is not there', '42P01', false],
])('after %s (%s), the same may succeed later: %s', (_what, code, passes) => {
  expect(isPassing(ofServer(code))).toBe(passes);
});

test('the same query may succeed after a socket error, and not after a mistake in our own code', () => {
  expect(isPassing(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))).toBe(true);
  expect(isPassing(new TypeError('x is not a function'))).toBe(false);
});
