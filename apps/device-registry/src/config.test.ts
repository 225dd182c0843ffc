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

const users = { ROLLCALL_REGISTRY_HTTP_USERFILE: 'users.json' };
const open = { ROLLCALL_REGISTRY_HTTP_AUTHENTICATIONREQUIRED: 'false' };

test.each<[Readonly<Record<string, string>>, readonly string[]]>([
  [users, []],
  [{ ROLLCALL_REGISTRY_HTTP_TOKENFILE: 'tokens.json' }, []],
  [{}, ['nobody could use the API']],
  [open, []],
  [{ ...open, ROLLCALL_REGISTRY_HTTP_BINDADDRESS: '::1' }, []],
  [{ ...open, ROLLCALL_REGISTRY_HTTP_BINDADDRESS: '0.0.0.0' }, ['on loopback only']],
  [{ ...open, ROLLCALL_REGISTRY_HTTP_BINDADDRESS: '127.0.0.1.example' }, ['on loopback only']],
  [{ ...open, ...users }, ['nobody is asked']],
  [{ ROLLCALL_REGISTRY_HTTP_TOKENKEYS: 'http://issuer.example/keys' }, ['must come over https']],
  [{ ...users, ROLLCALL_REGISTRY_HTTP_KEYPATH: 'key.pem' }, ['set both or neither']],
  [{ ...users, ROLLCALL_REGISTRY_HTTP_MAXPAYLOADSIZE: '0' }, ['must be a whole number']],
  [{ ...users, ROLLCALL_REGISTRY_HTTP_TENANTIDPATTERN: '(' }, ['must be a regular expression']],
  [{ ...users, ROLLCALL_REGISTRY_SVC_MAXBCRYPTCOSTFACTOR: '3' }, ['must be a whole number']],
  [{ ...users, ROLLCALL_REGISTRY_SVC_MAXDEVICESPERTENANT: '0' }, ['must be -1, or 1 or more']],
  [{ ...users, ROLLCALL_REGISTRY_DATABASE: 'mysql://x' }, ['must begin with postgres://']],
  [{ ...users, ROLLCALL_REGISTRY_DIRECTORI: 'x' }, ['did you mean ROLLCALL_REGISTRY_DIRECTORY?']],
  [
    { ...users, ROLLCALL_REGISTRY_AMQP_INSECUREPORTENABLED: 'true' },
    ['could use the AMQP services: set ROLLCALL_AUTH_SVC_PERMISSIONSPATH'],
  ],
  [{ ...users, ROLLCALL_AUTH_SVC_PERMISSIONSPATH: 'p.json', HONO_AUTH_HOST: 'auth.hono' }, ['not both']],
  [
    { ...users, ROLLCALL_AUTH_VALIDATION_SHAREDSECRET: 's', ROLLCALL_AUTH_VALIDATION_CERTPATH: 'c.pem' },
    ['not both'],
  ],
  [
    { ...users, ROLLCALL_REGISTRY_AMQP_KEYPATH: 'k.pem', ROLLCALL_AUTH_HOST: 'auth.hono' },
    ['ROLLCALL_REGISTRY_AMQP_KEYPATH', 'no port to listen on'],
  ],
  [{ ...users, HONO_REGISTRY_AMQP_INSECUREPORTENABLED: 'true', HONO_AUTH_HOST: 'auth.hono' }, []],
])('%j: %j', (env, problems) => {
  expect(problemsOf(env)).toEqual(problems.map((each): unknown => expect.stringContaining(each)));
});

test('no logins must be configured if no port is open', () => {
  expect(loadRegistryConfig({}, false).values.directory).toBe('registry');
  expect(() => loadRegistryConfig({ ROLLCALL_REGISTRY_SVC_MAXDEVICESPERTENANT: '0' }, false)).toThrow(
    ConfigError,
  );
});

test("Hono's names work where Hono has the option", () => {
  const { values } = loadRegistryConfig({
    ...users,
    HONO_REGISTRY_HTTP_MAXPAYLOADSIZE: '2000',
    HONO_REGISTRY_HTTP_TENANTIDPATTERN: '[a-z]+',
    HONO_REGISTRY_SVC_MAXDEVICESPERTENANT: '7',
  });
  expect([values.maxBodyBytes, values.maxDevicesPerTenant]).toEqual([2_000, 7]);
  expect(['abc', 'abc1', 'ABC'].map((id) => values.tenantIdPattern.test(id))).toEqual([true, false, false]);
});

test('the URL of the database is a secret', () => {
  const { effective } = loadRegistryConfig({ ...users, ROLLCALL_REGISTRY_DATABASE: 'postgres://u:p@h/d' });
  const { secret } = effective.find(({ variable }) => variable === 'ROLLCALL_REGISTRY_DATABASE') ?? {};
  expect(secret).toBe(true);
});

test('the README has the table of the options', () => {
  const rowsOf = (text: string): readonly string[] =>
    [...text.matchAll(/^\| `ROLLCALL_.*$/gm)].map(([row]) => row.replaceAll(/ +/g, ' '));
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(rowsOf(readme)).toEqual(rowsOf(environmentTable(registryOptions)));
});
