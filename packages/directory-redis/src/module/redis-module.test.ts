import { readOptions } from '@rollcall/options';
import { describe, expect, test } from 'vitest';
import { readEngineAddress } from '../engine/engine-address.ts';
import { redisOptions } from './redis-options.ts';
import { redisProblems } from './redis-problems.ts';

describe('ROLLCALL_DIRECTORY_URL', () => {
  test.each([
    ['redis://localhost', { kind: 'single', hosts: [{ host: 'localhost', port: 6379 }] }],
    ['valkey://localhost:7000/3', { hosts: [{ host: 'localhost', port: 7000 }], database: 3 }],
    ['rediss://[::1]:7000', { tls: true, hosts: [{ host: '::1', port: 7000 }] }],
    ['redis://u:p%40ss@h', { username: 'u', password: 'p@ss' }],
    ['redis://:p:q@h', { password: 'p:q' }],
    [
      'rediss+sentinel://a,b:1/main/2',
      {
        kind: 'sentinel',
        tls: true,
        hosts: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 1 },
        ],
        primaryName: 'main',
        database: 2,
      },
    ],
    [
      'redis+cluster://a,b:7000',
      {
        kind: 'cluster',
        hosts: [
          { host: 'a', port: 6379 },
          { host: 'b', port: 7000 },
        ],
      },
    ],
  ])('%s', (url, expected) => expect(readEngineAddress(url)).toMatchObject(expected));

  test.each([
    'localhost:6379',
    'http://secret@localhost',
    'redis://',
    'redis://secret@h:99999',
    'redis://secret@h,i',
    'redis://secret@h/zero',
    'redis+sentinel://secret@h',
    'redis+cluster://secret@h/1',
    'redis://secret%zz@h',
    'redis://a b',
  ])('%s is refused, and the problem does not contain the secret', (url) => {
    const address = readEngineAddress(url);
    expect(address).toEqual({ problem: expect.any(String) });
    expect(JSON.stringify(address)).not.toContain('secret');
  });
});

const url = 'redis://localhost';

test.each([
  [{ URL: url }, undefined],
  [{ URL: url, PASSWORD: 'p' }, undefined],
  [{ URL: 'rediss://h', CERTPATH: 'c', KEYPATH: 'k', TRUSTSTOREPATH: 't' }, undefined],
  [{ URL: 'redis+sentinel://h/main', SENTINELPASSWORD: 'p' }, undefined],
  [{ URL: url, USERNAME: 'u' }, 'set both'],
  [{ URL: 'rediss://h', CERTPATH: 'c' }, 'set both or neither'],
  [{ URL: url, TRUSTSTOREPATH: 't' }, 'without TLS'],
  [{ URL: 'redis://:p@h', PASSWORD: 'p' }, 'both have a password'],
  [{ URL: url, SENTINELUSERNAME: 'u' }, 'no sentinels'],
  [{ URL: url, PREFIX: '{a}:' }, 'letters'],
  [{ URL: 'x' }, 'must be like'],
])('options %j: %s', (env: Record<string, string>, problem) => {
  const variables = Object.entries(env).map(([name, value]) => [`ROLLCALL_DIRECTORY_${name}`, value]);
  const { values } = readOptions(redisOptions, Object.fromEntries(variables));
  const texts = redisProblems(values).map(({ text }) => text);
  expect(texts).toEqual(problem === undefined ? [] : [expect.stringContaining(problem)]);
});
