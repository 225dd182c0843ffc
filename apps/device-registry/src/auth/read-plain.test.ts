import { expect, test } from 'vitest';
import { readPlain } from './read-plain.ts';

test('a response is read as the identity to act as, the name, and the password in bytes', () => {
  expect(readPlain(new Uint8Array(Buffer.from('\0ü@HONO\0p€')))).toEqual({
    authorizationId: '',
    username: 'ü@HONO',
    password: new Uint8Array(Buffer.from('p€')),
  });
  expect(readPlain(Buffer.from('other\0name\0'))).toMatchObject({
    authorizationId: 'other',
    username: 'name',
  });
});

test.each<[string, Uint8Array | undefined]>([
  ['nothing', undefined],
  ['no bytes', Buffer.alloc(0)],
  ['one part', Buffer.from('\0name')],
  ['four parts', Buffer.from('\0name\0pass\0word')],
  ['no name', Buffer.from('\0\0password')],
  ['a name that is no UTF-8', Buffer.from([0, 0xff, 0, 0x70])],
  ['a name without end', Buffer.from(`\0${'n'.repeat(2_000)}\0p`)],
])('%s is not a valid login', (_what, response) => {
  expect(readPlain(response)).toBeUndefined();
});
