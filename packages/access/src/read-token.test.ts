import { createDeviceKey } from '@rollcall/conformance/certificates';
import { expect, test } from 'vitest';
import { readToken } from './read-token.ts';

const key = createDeviceKey();
const elsewhere = { tenant: 'T', authId: 'elsewhere' };
const inClaims = { tenant: 'acme', authId: 'd' };
const named = { tid: 'acme', sub: 'd' };

test.each([
  ['for hono-adapter', { aud: 'hono-adapter', ...named }, inClaims],
  ['for others too', { aud: ['else', 'hono-adapter', 1], ...named }, inClaims],
  ['for others', { aud: 'else', ...named }, elsewhere],
  ['for some that are no list', { aud: { 0: 'hono-adapter' }, ...named }, elsewhere],
  ['for nobody', named, elsewhere],
  ['that says nothing', {}, elsewhere],
  ['without a tenant', { aud: 'hono-adapter', sub: 'd' }, undefined],
  ['without an auth-id', { aud: 'hono-adapter', tid: 'acme' }, undefined],
  ['whose tenant is a number', { aud: 'hono-adapter', tid: 1, sub: 'd' }, undefined],
  ['with names of an object of JavaScript', { aud: 'hono-adapter', __proto__: named }, undefined],
])('a token %s names %j', (_what, claims, expected) => {
  const token = key.sign(claims);
  expect(readToken(token, elsewhere)).toEqual(expected && { ...expected, token });
});

test('a token that names nobody, in a protocol that does not either, is none', () => {
  expect(readToken(key.sign({}), undefined)).toBeUndefined();
});

const encode = (text: string): string => Buffer.from(text).toString('base64url');

test.each([
  ['nothing', ''],
  ['a password', 'correct.horse.battery'],
  ['two parts', `${encode('{}')}.${encode('{}')}`],
  ['four parts', `${encode('{}')}.${encode('{}')}.a.b`],
  ['claims that are no object', key.sign([1])],
  ['claims that are nothing', key.sign(null)],
  ['claims that are a text', key.sign('{}')],
  ['claims that are no JSON', `a.${encode('{')}.b`],
  ['claims that nest without end', `a.${encode('['.repeat(5_000))}.b`],
  ['characters of another alphabet', `a.${encode('{}')}.b+/=`],
  ['a line feed', `${key.sign(named)}\n`],
  ['more than a token has', `a.${encode(JSON.stringify({ x: 'x'.repeat(7_000) }))}.b`],
  ['a megabyte', `a.${'e'.repeat(1_000_000)}.b`],
])('%s is no token', (_what, text) => {
  expect(readToken(text, elsewhere)).toBeUndefined();
});
