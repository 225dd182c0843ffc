import { readFileSync } from 'node:fs';
import { ConfigError } from '@rollcall/core';
import { environmentTable } from '@rollcall/options';
import { expect, test } from 'vitest';
import { loadRegistryConfig, registryOptions } from './config.ts';

function problemsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    loadRegistryConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test.each([
  [{}, []],
  [{ ROLLCALL_REGISTRY_SVC_MAXDEVICESPERTENANT: '0' }, [expect.stringContaining('must be -1, or 1 or more')]],
  [
    { ROLLCALL_REGISTRY_DIRECTORI: 'x' },
    [expect.stringContaining('did you mean ROLLCALL_REGISTRY_DIRECTORY?')],
  ],
  [
    { ROLLCALL_REGISTRY_AMQP_INSECUREPORTENABLED: 'true' },
    [expect.stringMatching(/could use the AMQP services: set ROLLCALL_AUTH_SVC_PERMISSIONSPATH/)],
  ],
  [
    { ROLLCALL_AUTH_SVC_PERMISSIONSPATH: 'p.json', HONO_AUTH_HOST: 'auth.hono' },
    [expect.stringContaining('not both')],
  ],
  [
    { ROLLCALL_AUTH_VALIDATION_SHAREDSECRET: 's', ROLLCALL_AUTH_VALIDATION_CERTPATH: 'c.pem' },
    [expect.stringContaining('not both')],
  ],
  [
    { ROLLCALL_REGISTRY_AMQP_KEYPATH: 'k.pem', ROLLCALL_AUTH_HOST: 'auth.hono' },
    [
      expect.stringMatching(/REGISTRY_AMQP_KEYPATH.*REGISTRY_AMQP_CERTPATH.*both or neither/),
      expect.stringContaining('no port to listen on'),
    ],
  ],
  [{ HONO_REGISTRY_AMQP_INSECUREPORTENABLED: 'true', HONO_AUTH_HOST: 'auth.hono' }, []],
])('%j: %j', (env, problems) => {
  expect(problemsOf(env)).toEqual(problems);
});

test('the README has the table of the options', () => {
  const rowsOf = (text: string): readonly string[] =>
    [...text.matchAll(/^\| `ROLLCALL_.*$/gm)].map(([row]) => row.replaceAll(/ +/g, ' '));
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(rowsOf(readme)).toEqual(rowsOf(environmentTable(registryOptions)));
});
