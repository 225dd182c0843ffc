import { expect, test } from 'vitest';
import { repeatedKey } from './repeated-key.ts';

test.each([
  ['at the top', '{"tenants":[],"tenants":[]}', 1, 15],
  ['in an object in a list', '{\n "tenants": [\n  {"a": 1, "b": 2,\n   "a": 3}\n ]\n}', 4, 4],
  ['after an object and a list that are whole', '{"a":{"b":[1,"c"]},"d":[{}],"a":2}', 1, 29],
  ['that is written with an escape', String.raw`{"a":1,"\u0061":2}`, 1, 8],
  [
    'after strings with quotation marks, brackets and backslashes',
    String.raw`{"\"":"}\\","b":"\",{","\"":0}`,
    1,
    24,
  ],
  ['of a property of JavaScript objects', '{"__proto__":1,"constructor":2,"__proto__":3}', 1, 32],
  ['that is empty', '{"":1,"":2}', 1, 7],
])('a key %s is found where it is repeated', (_where, text, line, column) => {
  JSON.parse(text);
  expect(repeatedKey(text)).toEqual({ line, column });
});

test.each([
  ['the same key in other objects', '{"a":{"a":[{"a":1},{"a":{"a":2}}]}}'],
  ['the same text as key and as values', '{"a":"a","b":["a","a",["b"]],"c":"c"}'],
  ['keys that differ by an escaped character', String.raw`{"a\\":1,"a\"":2,"a":3}`],
  ['no object', '"a"'],
  ['lists', '[["a","a"],[],"a"]'],
  ['an object after a list with commas', '[1,2,{"a":1,"b":[1,2],"c":{}}]'],
])('%s is not a repeated key', (_what, text) => {
  JSON.parse(text);
  expect(repeatedKey(text)).toBeUndefined();
});
