import { ConfigError } from '@rollcall/core';
import { expect, test } from 'vitest';
import { loadDirectory } from './load-directory.ts';

const url = 'redis://h';

test('the directory is that of the adapters whose environment it is', () => {
  const { chosen, effective } = loadDirectory({
    ROLLCALL_DIRECTORY_URL: url,
    ROLLCALL_DIRECTORY_PREFIX: 'acme:',
    ROLLCALL_DIRECTORY_DEADAFTER: '20000',
    ROLLCALL_MQTT_PORT: 'of another program',
  });
  expect(chosen.module.name).toBe('redis');
  expect(chosen.values).toMatchObject({ url, prefix: 'acme:' });
  expect(effective.map(({ variable }) => variable)).toContain('ROLLCALL_DIRECTORY_PASSWORD');
});

test.each([
  [{}, 'ROLLCALL_DIRECTORY_URL: must be set'],
  [{ ROLLCALL_DIRECTORY_PREFIX: 'acme:' }, 'ROLLCALL_DIRECTORY_URL: must be set'],
  [{ ROLLCALL_DIRECTORY_URL: 'http://secret@h' }, 'must be like'],
  [{ ROLLCALL_DIRECTORY_URL: url, ROLLCALL_DIRECTORY_USER: 'u' }, 'ROLLCALL_DIRECTORY_USER: unknown option'],
  [{ ROLLCALL_DIRECTORY_URL: url, ROLLCALL_DIRECTORY_PASSWORD_FILE: '/nowhere' }, 'PASSWORD_FILE'],
])('the environment %j is refused: %s', (env, problem) => {
  let refusal: unknown;
  try {
    loadDirectory(env);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(ConfigError);
  expect(String(refusal)).toContain(problem);
  expect(String(refusal)).not.toContain('secret');
});
