import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordingLog } from '@rollcall/conformance';
import { configCodes, startCodes } from '@rollcall/core/internal';
import { describe, expect, test } from 'vitest';
import { catalogue } from './catalogue.ts';
import { codedLog, codeOf } from './coded-log.ts';
import { presenceCauses, processCauses, readinessCauses, registryCauses } from './readiness-causes.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** Rows of docs/errors.md. */
const rows = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  .split('\n')
  .map((line) => line.split(' | '))
  .flatMap(([first = '', text = '', advice = '']) => {
    const code = /^\| `([A-Z_]+)`/.exec(first)?.[1];
    return code === undefined ? [] : [{ code, text: text.trim(), advice: advice.replace(/\|$/, '').trim() }];
  });

/** Decided by the error, whatever its text. */
const byError: readonly string[] = [...configCodes, ...startCodes];
/** Where the text comes from elsewhere; its specimens are below. */
const textFromElsewhere = [
  'packages/device-registry/src/fault-report.ts',
  'packages/device-registry/src/registry-loader.ts',
  'packages/amqp-sender/src/resolve-network.ts',
  'packages/amqp-connection/src/redialled-connection.ts',
  'packages/device-registry-amqp/src/amqp-registry.ts',
  // Its codes come from the error.
  'packages/adapter-process/src/lifecycle/tell-fatal.ts',
  'packages/adapter-process/src/config/tell-left-aside.ts',
  'packages/adapter-process/src/messages/coded-log.ts',
];

interface Call {
  readonly path: string;
  readonly line: number;
  readonly texts: readonly string[];
}

const sources = globSync('{packages,apps}/*/src/**/*.ts', { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => !/\.test\.ts$|\/testing\/|conformance\/|\.soak\.|\.interop\./.test(path));

const calls: readonly Call[] = sources.flatMap((path) => {
  const source = readFileSync(join(root, path), 'utf8');
  return [...source.matchAll(/\b(?:log|#log)\s*\.(?:warn|error)\(/g)].map((match) => ({
    path,
    line: source.slice(0, match.index).split('\n').length,
    texts: textsOf(argumentsFrom(source, match.index + match[0].length)),
  }));
});

function argumentsFrom(source: string, start: number): string {
  let depth = 1;
  let end = start;
  while (depth > 0) {
    const character = source[end++] ?? ')';
    if ('([{'.includes(character)) depth++;
    if (')]}'.includes(character)) depth--;
  }
  return source.slice(start, end - 1);
}

/** The literals of two words or more; what is inserted into a text is a 7. */
function textsOf(text: string): readonly string[] {
  return [...text.matchAll(/'([^'\n]+)'|`([^`]+)`/g)]
    .map(([, plain, template]) => plain ?? template?.replaceAll(/\$\{[^}]*\}/g, '7') ?? '')
    .filter((each) => each.includes(' '));
}

test('calls that log a warning or an error are found', () => {
  expect(calls.length).toBeGreaterThan(45);
  expect(textFromElsewhere.filter((path) => !sources.includes(path))).toEqual([]);
});

test.each(calls.filter(({ path }) => !textFromElsewhere.includes(path)))(
  'what $path says at $line has a code',
  ({ path, texts }) => {
    expect(texts).not.toEqual([]);
    // A text in two halves is known by the first one.
    const codes = texts.map(codeOf);
    const isKnown = path.endsWith('tell-of-drain.ts') ? codes.some(Boolean) : codes.every(Boolean);
    expect(isKnown, texts.join('\n')).toBe(true);
  },
);

/** Told through the report of faults, which repeats no line within a minute. */
const faults = sources
  .filter((path) => path.startsWith('packages/device-registry/'))
  .flatMap((path) => {
    const source = readFileSync(join(root, path), 'utf8');
    return [...source.matchAll(/(?:\.tell|\.fault|#faultOfReload)\(/g)]
      .flatMap((match) => textsOf(argumentsFrom(source, match.index + match[0].length)).slice(0, 1))
      .map((text) => ({ path, text }));
  });

test('faults of the registry are found', () => expect(faults.length).toBeGreaterThan(6));

test.each(faults)('$text, of $path, has a code', ({ text }) => expect(codeOf(text)).toBeDefined());

test.each([
  ['a mistake of ours that belongs to no peer: the process ends', 'OWN_MISTAKE'],
  ['HONO_MQTT_X: unknown option of Hono, left aside', 'OPTION_OF_HONO_UNKNOWN'],
  ['device registry cannot be read, what was read earlier stays', 'REGISTRY_NOT_READ'],
  ['device registry could not be loaded, what was read earlier stays', 'REGISTRY_NOT_READ'],
  ['plain passwords are for demonstrations only: devices a/b', 'REGISTRY_DOUBTFUL'],
  ['nothing listens at a:5672: is the messaging network running?', 'NETWORK_UNREACHABLE'],
  ['nothing listens at a:5672: is the device registry running?', 'REGISTRY_UNREACHABLE'],
  ['cannot connect to the device registry at a:5672: x', 'REGISTRY_UNREACHABLE'],
  ['connection to the device registry lost', 'REGISTRY_LOST'],
  ['device registry: an answer cannot be used', 'REGISTRY_ANSWER_UNUSABLE'],
  ['device registry: a service refuses to answer', 'REGISTRY_ANSWER_UNUSABLE'],
  [
    'TLS with a:5671 failed: check trust store, host name, and that the port speaks TLS (X: y)',
    'NETWORK_UNREACHABLE',
  ],
])('%s has the code %s', (message, code) => expect(codeOf(message)).toBe(code));

describe('docs/errors.md', () => {
  test('has a row for each code, and no other', () => {
    const codes = [
      ...new Set([
        ...catalogue.map(({ code }) => code),
        ...byError,
        ...readinessCauses,
        ...processCauses,
        ...presenceCauses,
        ...registryCauses,
      ]),
    ];
    expect(rows.map(({ code }) => code).toSorted()).toEqual(codes.toSorted());
  });

  test.each(rows)('says of $code what to do', ({ code, text, advice }) => {
    expect(advice.length).toBeGreaterThan(10);
    const exact = catalogue.find((each) => each.code === code)?.text;
    if (typeof exact === 'string') expect(text).toBe(exact);
  });
});

test.each([
  ...configCodes,
  ...startCodes,
  ...readinessCauses,
  ...processCauses,
  ...presenceCauses,
  ...registryCauses,
])('%s is the code of something', (code) => {
  const lists = /\/(?:config-problem|readiness-causes)\.ts$/;
  const users = sources.filter(
    (path) => !lists.test(path) && readFileSync(join(root, path), 'utf8').includes(`'${code}'`),
  );
  expect(users).not.toEqual([]);
});

test('a warning and an error have their code beside their facts, other lines have none', () => {
  const recorded = recordingLog();
  const log = codedLog(recorded);
  log.warn({ connections: 2 }, 'an earlier run ended without notice: its sessions are lost');
  log.error({ code: 'OF_ITS_OWN' }, 'journal cannot be written: events are kept in memory alone');
  log.info({}, 'device registry is back');
  log.warn({}, 'unheard of');
  expect(recorded.lines.map(({ facts }) => facts)).toEqual([
    { code: 'SESSIONS_LOST', connections: 2 },
    { code: 'OF_ITS_OWN' },
    {},
    {},
  ]);
});
