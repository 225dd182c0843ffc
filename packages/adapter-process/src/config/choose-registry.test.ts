import { optional } from '@rollcall/options';
import { text } from '@rollcall/options/formats';
import type { RegistryModule } from '@rollcall/registry-module';
import type { MessagingModule } from '@rollcall/messaging-module';
import { expect, test } from 'vitest';
import { loadConfig } from './load-config.ts';
import { ConfigError } from '@rollcall/core';

const ledger: RegistryModule = {
  name: 'ledger',
  options: { url: { ...optional('LEDGER_URL', text, 'where the ledger is'), hono: true } },
  problems: ({ url }) => (url === 'x' ? [{ options: ['LEDGER_URL'], text: 'is no ledger' }] : []),
  open: () => Promise.reject(new Error('is not opened here')),
};

const file = { ROLLCALL_REGISTRY_FILE: 'registry.yaml' };
const kind = { ROLLCALL_REGISTRY_KIND: 'ledger' };

test('a messaging module of the same name keeps its options', () => {
  const messaging: MessagingModule = {
    name: 'ledger',
    options: { url: optional('PAPER_URL', text, 'where the paper is') },
    chosenBy: 'PAPER_URL',
    problems: () => [],
    inForce: () => [],
    tenantRules: () => [],
    create: () => {
      throw new Error('is not made here');
    },
  };
  const env = { ...kind, ROLLCALL_LEDGER_URL: 'a', ROLLCALL_PAPER_URL: 'b' };
  const config = loadConfig({}, env, { messaging: [messaging], registries: [ledger] });
  expect([config.messaging?.values, config.registry?.values]).toEqual([{ url: 'b' }, { url: 'a' }]);
});

function choice(env: Readonly<Record<string, string>>): unknown {
  try {
    const { registry } = loadConfig({}, env, { registries: [ledger] });
    return registry ? [registry.module.name, registry.values] : 'file';
  } catch (error) {
    if (error instanceof ConfigError) return error.coded.map(({ code, text: said }) => `${code} ${said}`);
    throw error;
  }
}

test.each<readonly [Readonly<Record<string, string>>, unknown]>([
  [file, 'file'],
  [{ ...file, ROLLCALL_REGISTRY_KIND: 'file' }, 'file'],
  [{}, ['OPTION_MISSING ROLLCALL_REGISTRY_FILE: must be set']],
  [{ ...kind, ROLLCALL_LEDGER_URL: 'a' }, ['ledger', { url: 'a' }]],
  [{ ...kind, HONO_LEDGER_URL: 'a' }, ['ledger', { url: 'a' }]],
  [{ ...kind, ROLLCALL_LEDGER_URL: 'x' }, ['OPTIONS_CONFLICT ROLLCALL_LEDGER_URL: is no ledger']],
  [
    { ...file, ROLLCALL_LEDGER_URL: 'a' },
    ['OPTIONS_CONFLICT ROLLCALL_LEDGER_URL: is used only where ROLLCALL_REGISTRY_KIND is ledger'],
  ],
  // An environment may be shared with Hono's own adapters.
  [{ ...file, HONO_LEDGER_URL: 'a' }, 'file'],
  [{ ROLLCALL_REGISTRY_KIND: 'legder' }, ['OPTION_MALFORMED ROLLCALL_REGISTRY_KIND: must be file or ledger']],
  [
    { ROLLCALL_REGISTRY_KIND: 'a b' },
    [
      'OPTION_MALFORMED ROLLCALL_REGISTRY_KIND: must be 1 to 128 letters, digits, dots, underscores or hyphens',
    ],
  ],
])('%j: %j', (env, expected) => {
  expect(choice(env)).toEqual(expected);
});
