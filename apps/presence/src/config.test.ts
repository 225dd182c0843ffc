import { ConfigError } from '@rollcall/core';
import { readFileSync } from 'node:fs';
import { redis } from '@rollcall/directory-redis';
import { environmentTable } from '@rollcall/options';
import { optionsOfModules } from '@rollcall/options/module';
import { expect, test } from 'vitest';
import { loadPresenceConfig, presenceOptions } from './config.ts';

const required = { ROLLCALL_MESSAGING_HOST: 'broker', ROLLCALL_PRESENCE_TOKENFILE: 'tokens.json' };

function problemsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    loadPresenceConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test('the messaging network and the access to the API must be configured', () => {
  expect(problemsOf(required)).toEqual([]);
  expect(problemsOf({})).toEqual([
    expect.stringContaining('ROLLCALL_MESSAGING_HOST: must be set'),
    expect.stringContaining('nobody could ask'),
  ]);
});

test.each([
  ['open to all, on loopback', { ROLLCALL_PRESENCE_OPEN: 'true' }, []],
  ['open to all, on ::1', { ROLLCALL_PRESENCE_OPEN: 'true', ROLLCALL_PRESENCE_BINDADDRESS: '::1' }, []],
  [
    'open to all, on every address',
    { ROLLCALL_PRESENCE_OPEN: 'true', ROLLCALL_PRESENCE_BINDADDRESS: '0.0.0.0' },
    [expect.stringContaining('only on loopback')],
  ],
  [
    'open to all, on a name that only looks like loopback',
    { ROLLCALL_PRESENCE_OPEN: 'true', ROLLCALL_PRESENCE_BINDADDRESS: '127.0.0.1.example' },
    [expect.stringContaining('only on loopback')],
  ],
  [
    'open to all, and tokens',
    { ROLLCALL_PRESENCE_OPEN: 'true', ROLLCALL_PRESENCE_TOKENFILE: 'tokens.json' },
    [expect.stringContaining('no token is looked at')],
  ],
])('%s', (_what, env, problems) => {
  expect(problemsOf({ ROLLCALL_MESSAGING_HOST: 'broker', ...env })).toEqual(problems);
});

test.each([
  [{ ROLLCALL_PRESENCE_KEYPATH: 'key.pem' }, 'set both or neither'],
  [{ ROLLCALL_PRESENCE_TOKENKEYS: 'http://issuer.example/keys' }, 'must come over https'],
  [{ ROLLCALL_PRESENCE_DATABASE: 'mysql://x' }, 'must begin with postgres://'],
  [{ ROLLCALL_PRESENCE_RETENTION: '0' }, 'must be a whole number from 1 to 36500'],
  [{ ROLLCALL_PRESENCE_TENANTRETENTION: 'acme=never' }, 'acme must have days'],
  [{ ROLLCALL_PRESENCE_CORSALLOWEDORIGIN: '(' }, 'must be * or a regular expression'],
  [{ ROLLCALL_PRESENCE_PROT: '1' }, 'did you mean ROLLCALL_PRESENCE_PORT?'],
])('%j is refused', (env, problem) => {
  expect(problemsOf({ ...required, ...env })).toEqual([expect.stringContaining(problem)]);
});

test.each([
  [{ ROLLCALL_PRESENCE_TOKENFILE: 'tokens.json' }, 'OPTION_MISSING'],
  [{ ROLLCALL_MESSAGING_HOST: 'broker' }, 'OPTION_MISSING'],
  [{ ...required, ROLLCALL_PRESENCE_KEYPATH: 'key.pem' }, 'OPTIONS_CONFLICT'],
  [{ ...required, ROLLCALL_PRESENCE_OPEN: 'true' }, 'OPTIONS_CONFLICT'],
  [{ ...required, ROLLCALL_PRESENCE_DATABASE: 'mysql://x' }, 'OPTION_MALFORMED'],
  [{ ...required, ROLLCALL_PRESENCE_TENANTRETENTION: 'acme=never' }, 'OPTION_MALFORMED'],
])('%j has the same kind of problem as in an adapter: %s', (env, code) => {
  expect(() => loadPresenceConfig(env)).toThrow(
    expect.objectContaining({ coded: [expect.objectContaining({ code })] }),
  );
});

test('each tenant can have its own retention', () => {
  const { retention } = loadPresenceConfig({
    ...required,
    ROLLCALL_PRESENCE_RETENTION: '2',
    ROLLCALL_PRESENCE_TENANTRETENTION: 'acme=7',
  });
  expect([retention.defaultMs, retention.tenantMs.get('acme')]).toEqual([172_800_000, 604_800_000]);
});

test('the URL of the database is a secret', () => {
  const { effective } = loadPresenceConfig({ ...required, ROLLCALL_PRESENCE_DATABASE: 'postgres://u:p@h/d' });
  const { secret } = effective.find(({ variable }) => variable === 'ROLLCALL_PRESENCE_DATABASE') ?? {};
  expect(secret).toBe(true);
});

test('a directory is chosen by its URL, and its other options need that', () => {
  const read = (env: Readonly<Record<string, string>>) =>
    loadPresenceConfig({ ...required, ...env }, [redis]).directory?.module.name;
  expect(read({})).toBeUndefined();
  expect(read({ ROLLCALL_DIRECTORY_URL: 'redis://valkey' })).toBe('redis');
  expect(() => read({ ROLLCALL_DIRECTORY_PASSWORD: 'secret' })).toThrow(
    'ROLLCALL_DIRECTORY_URL: must be set',
  );
  expect(() => read({ ROLLCALL_DIRECTORY_URL: 'http://valkey' })).toThrow('ROLLCALL_DIRECTORY_URL');
});

test('the README has the table of the options', () => {
  const rowsOf = (text: string): readonly string[] =>
    [...text.matchAll(/^\| `ROLLCALL_.*$/gm)].map(([row]) => row.replaceAll(/ +/g, ' '));
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(rowsOf(readme)).toEqual(
    rowsOf(environmentTable({ ...presenceOptions, ...optionsOfModules([redis]) })),
  );
});
