import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type ConfigProblem } from '@rollcall/core';
import { afterAll, describe, expect, test } from 'vitest';
import { environmentTable, option, optional } from '@rollcall/options';
import { port, text } from '@rollcall/options/formats';
import { kitOptions } from './kit-options.ts';
import { loadConfig } from './load-config.ts';
import { printConfig } from './print-config.ts';

const own = {
  insecurePort: option('TEST_INSECUREPORT', port, '1883', 'a port', { hono: true }),
  key: optional('TEST_KEY', text, 'a secret', { secret: true }),
  password: optional('TEST_PASSWORD', text, 'a secret that Hono has too', { hono: true, secret: true }),
} as const;
const required = { ROLLCALL_REGISTRY_FILE: 'registry.yaml' };

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(own, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test('defaults stand where nothing is set', () => {
  const { kit, own: values } = loadConfig(own, required);
  expect(values.insecurePort).toBe(1883);
  expect(values.key).toBeUndefined();
  expect(kit.producers).toEqual(['logging']);
});

test('the name that Hono has works too; the own name wins', () => {
  const hono = { ...required, HONO_TEST_INSECUREPORT: '1884' };
  expect(loadConfig(own, hono).own.insecurePort).toBe(1884);
  expect(loadConfig(own, { ...hono, ROLLCALL_TEST_INSECUREPORT: '1885' }).own.insecurePort).toBe(1885);
  expect(
    loadConfig(own, { ...required, HONO_TEST_KEY: 'x' }).own.key,
    'Hono has no such option',
  ).toBeUndefined();
});

test('every problem is listed at once, misspelt names too', () => {
  const problems = problemsOf({
    ROLLCALL_TEST_INSECUREPORT: '99999',
    ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'logging,',
    ROLLCALL_CONNECTION_EVENTS_PRODUCER: 'events',
    ROLLCALL_REMOTEADDRES: 'true',
  });
  expect(problems).toEqual([
    'ROLLCALL_CONNECTIONEVENTS_PRODUCER: must not have an empty part',
    expect.stringContaining('ROLLCALL_TEST_INSECUREPORT: must be a whole number from 0 to 65535'),
    'ROLLCALL_CONNECTION_EVENTS_PRODUCER: unknown option; did you mean ROLLCALL_CONNECTIONEVENTS_PRODUCER?',
    'ROLLCALL_REMOTEADDRES: unknown option',
    'ROLLCALL_REGISTRY_FILE: must be set',
  ]);
});

test('what is set and wrong is not said to be missing as well', () => {
  const wrong = { ROLLCALL_REGISTRY_FILE: '', ROLLCALL_JOURNAL_DIRECTORY: '', ROLLCALL_JOURNAL_KIND: 'file' };
  const mustNotBeEmpty = (name: string): unknown =>
    expect.stringMatching(`^ROLLCALL_${name}: must not be empty`);
  const problems = problemsOf(wrong);
  expect(problems).toHaveLength(2);
  expect(problems).toEqual(
    expect.arrayContaining(['REGISTRY_FILE', 'JOURNAL_DIRECTORY'].map(mustNotBeEmpty)),
  );
  const ofAdapter = (): readonly ConfigProblem[] => [
    {
      code: 'OPTIONS_CONFLICT',
      text: 'ROLLCALL_TEST_INSECUREPORT and ROLLCALL_TEST_OTHER: set both or neither',
    },
  ];
  const port99999 = { ...required, ROLLCALL_TEST_INSECUREPORT: '99999' };
  expect(() => loadConfig(own, port99999, { problems: ofAdapter })).toThrow(
    expect.objectContaining({ problems: [expect.stringContaining('must be a whole number')] }),
  );
});

test('a Service of Kubernetes is no configuration, whatever its name', () => {
  const { own: values, serviceLinks } = loadConfig(own, {
    ...required,
    ROLLCALL_HEALTH_PORT: 'tcp://10.0.0.1:8088',
    HONO_TEST_INSECUREPORT: '1884',
    ROLLCALL_TEST_SERVICE_HOST: '10.0.0.2',
    ROLLCALL_TEST_SERVICE_PORT: '80',
    KUBERNETES_PORT: 'tcp://10.0.0.3:443',
  });
  expect(values.insecurePort).toBe(1884);
  expect(serviceLinks).toEqual([
    'ROLLCALL_HEALTH_PORT',
    'ROLLCALL_TEST_SERVICE_HOST',
    'ROLLCALL_TEST_SERVICE_PORT',
  ]);
  expect(problemsOf({ ...required, ROLLCALL_HEALTH_PORT: 'tcp://localhost:8088' })).toEqual([
    'ROLLCALL_HEALTH_PORT: must be a whole number from 0 to 65535',
  ]);
});

test("options of Hono that mean nothing here are warned of, in the adapter's own sections", () => {
  const { warnings } = loadConfig(own, {
    ...required,
    HONO_TEST_INSECURE_PORT: '1884',
    HONO_TEST_KEY: 'x',
    HONO_CONNECTIONEVENTS_FLOWLATENCY: '5',
    HONO_OTHER_THING: 'whatever',
    HONO: 'x',
  });
  expect(warnings).toEqual([
    'HONO_TEST_INSECURE_PORT: unknown option of Hono, left aside; did you mean HONO_TEST_INSECUREPORT?',
    'HONO_TEST_KEY: unknown option of Hono, left aside; here it is ROLLCALL_TEST_KEY',
    'HONO_CONNECTIONEVENTS_FLOWLATENCY: unknown option of Hono, left aside',
  ]);
});

test('events need a directory, or must be said to stay in memory', () => {
  const env = { ...required, ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'logging,events' };
  expect(problemsOf(env)).toEqual([expect.stringContaining('ROLLCALL_JOURNAL_DIRECTORY: must be set')]);
  expect(problemsOf({ ...env, ROLLCALL_JOURNAL_DIRECTORY: '/var/lib/rollcall' })).toEqual([]);
  expect(problemsOf({ ...required, ROLLCALL_JOURNAL_KIND: 'file' })).toEqual([
    expect.stringContaining('ROLLCALL_JOURNAL_DIRECTORY: must be set'),
  ]);
  expect(problemsOf({ ...env, ROLLCALL_JOURNAL_KIND: 'memory' })).toEqual([]);
});

test('the printed configuration tells where values come from, and no secret', () => {
  const printed = printConfig(
    loadConfig(own, { ...required, ROLLCALL_TEST_KEY: 'hush', HONO_TEST_INSECUREPORT: '1' }).effective,
  );
  expect(printed).toContain('# HONO_TEST_INSECUREPORT\nROLLCALL_TEST_INSECUREPORT=1\n');
  expect(printed).toContain('# ROLLCALL_TEST_KEY\n# ROLLCALL_TEST_KEY=********\n');
  expect(printed).toContain('# default\nROLLCALL_LOG_LEVEL=info\n');
  expect(printed).not.toContain('hush');
});

describe('the table for READMEs', () => {
  test('has a row for every option', () => {
    const table = environmentTable({ ...kitOptions, ...own });
    for (const { name } of Object.values({ ...kitOptions, ...own }))
      expect(table).toContain(`\`ROLLCALL_${name}\``);
    expect(table).toContain('| `ROLLCALL_TEST_INSECUREPORT` | `1883` | yes | a port |');
  });
});

describe('a secret in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const keep = (name: string, content: string): string => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };

  test.each([
    ['ROLLCALL_TEST_PASSWORD_FILE', 'pass word\n', 'pass word'],
    ['HONO_TEST_PASSWORD_FILE', 'pass word\r\n', 'pass word'],
    [
      'ROLLCALL_TEST_PASSWORD_FILE',
      ' it may begin and end with blanks \n\n',
      ' it may begin and end with blanks \n',
    ],
  ])('%s gives %j without the end of the line', (name, content, secret) => {
    const file = keep('password', content);
    const config = loadConfig(own, { ...required, [name]: file });
    expect(config.own.password).toBe(secret);
    expect(printConfig(config.effective)).toContain(
      `# ${name}\n# ROLLCALL_TEST_PASSWORD=********\nROLLCALL_TEST_PASSWORD_FILE=${file}\n`,
    );
    expect(printConfig(config.effective)).not.toContain('pass word');
    expect(config.warnings).toEqual([]);
  });

  test('works for the secrets of an adapter too, and for nothing else', () => {
    expect(loadConfig(own, { ...required, ROLLCALL_TEST_KEY_FILE: keep('key', 'k') }).own.key).toBe('k');
    expect(problemsOf({ ...required, ROLLCALL_TEST_INSECUREPORT_FILE: keep('port', '1') })).toEqual([
      'ROLLCALL_TEST_INSECUREPORT_FILE: unknown option',
    ]);
  });

  test('the own name wins over that of Hono', () => {
    const both = {
      ROLLCALL_TEST_PASSWORD_FILE: keep('own', 'own'),
      HONO_TEST_PASSWORD: 'theirs',
    };
    expect(loadConfig(own, { ...required, ...both }).own.password).toBe('own');
  });

  test.each(['ROLLCALL', 'HONO'])('%s_…: it is the text, or in a file', (prefix) => {
    const both = {
      [`${prefix}_TEST_PASSWORD`]: 'one',
      [`${prefix}_TEST_PASSWORD_FILE`]: keep('other', 'other'),
    };
    expect(problemsOf({ ...required, ...both })[0]).toBe(
      `${prefix}_TEST_PASSWORD and ${prefix}_TEST_PASSWORD_FILE: set one of them`,
    );
  });

  test.each([
    ['is missing', () => join(folder, 'nowhere'), 'cannot be read (ENOENT)'],
    ['is empty', () => keep('empty', '\n'), 'is empty'],
    ['is a folder', () => folder, 'is not a regular file'],
    ['is too long', () => keep('long', 'x'.repeat(65_537)), 'has more than 65536 bytes'],
  ])('that %s is a problem', (_what, file, problem) => {
    const path = file();
    const problems = problemsOf({ ...required, ROLLCALL_TEST_PASSWORD_FILE: path });
    expect(problems[0]).toBe(`ROLLCALL_TEST_PASSWORD_FILE: ${path}: ${problem}`);
  });
});
