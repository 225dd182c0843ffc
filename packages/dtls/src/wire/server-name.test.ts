import { expect, test } from 'vitest';
import { extensionType } from './extension-type.ts';
import { Malformed } from './malformed.ts';
import { serverNameIn } from './server-name.ts';
import { vector16 } from './vectors.ts';

const entry = (type: number, name: string): Buffer =>
  Buffer.concat([Buffer.from([type]), vector16(Buffer.from(name, 'latin1'))]);
const nameIn = (extension: Buffer): string | undefined =>
  serverNameIn({ extensions: new Map([[extensionType.serverName, extension]]) });
const list = (...entries: readonly Buffer[]): Buffer => vector16(Buffer.concat(entries));

test.each([
  ['a host name', list(entry(0, 'acme.example')), 'acme.example'],
  [
    'a host name behind a name of another type',
    list(entry(7, 'x'), entry(0, 'acme.example')),
    'acme.example',
  ],
  ['names of other types only', list(entry(7, 'acme.example')), undefined],
  ['a name of no bytes', list(entry(0, '')), undefined],
  ['a name longer than DNS has', list(entry(0, 'x'.repeat(254))), undefined],
  ['a name with U+0000', list(entry(0, 'acme\u0000.example')), undefined],
  ['a name that is not ASCII', list(entry(0, '\u00fc.example')), undefined],
  ['a name with a line feed', list(entry(0, 'acme.example\n')), undefined],
])('%s asks for %j', (_what, extension, expected) => {
  expect(nameIn(extension)).toBe(expected);
});

test('a client without the extension asks for none', () => {
  expect(serverNameIn({ extensions: new Map() })).toBeUndefined();
});

test.each([
  ['no bytes', Buffer.alloc(0)],
  ['a list of nothing', list()],
  ['a list that is longer than what holds it', Buffer.from([0, 9, 0])],
  ['a name that is longer than its list', vector16(Buffer.from([0, 0, 9, 65]))],
  ['something behind the list', Buffer.concat([list(entry(0, 'a.b')), Buffer.from([0])])],
  ['two host names', list(entry(0, 'a.b'), entry(0, 'c.d'))],
  ['a type without a name', vector16(Buffer.from([0]))],
])('%s in the extension is malformed', (_what, extension) => {
  expect(() => nameIn(extension)).toThrow(Malformed);
});
