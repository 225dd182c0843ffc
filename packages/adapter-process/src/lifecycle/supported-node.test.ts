import type { ConfigCode } from '@rollcall/core/internal';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { inLogOf, nodeProblem, oldestNode, onSupportedNode } from './supported-node.ts';

const root = new URL('../../../../', import.meta.url);

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

test.each(['22.18.0', '22.18.1', '22.20.0', '24.0.0', '100.0.0', '23.0.0-nightly'])(
  '%s will do',
  (version) => {
    expect(nodeProblem(version)).toBeUndefined();
  },
);

test.each(['20.20.2', '22.17.9', '18.0.0', '8.17.0', '22.9.0'])('%s will not', (version) => {
  expect(nodeProblem(version)).toContain(`Node.js ${oldestNode} or later is needed, and this is ${version}`);
});

test('it is the version that every package asks for', () => {
  const manifests = ['packages', 'apps'].flatMap((kind) =>
    readdirSync(new URL(`${kind}/`, root)).map((folder) => new URL(`${kind}/${folder}/package.json`, root)),
  );
  for (const manifest of [new URL('package.json', root), ...manifests])
    expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({
      engines: { node: `>=${oldestNode}` },
    });
});

/** The page of the presence service is none: it runs in a browser. */
const programs = readdirSync(new URL('apps/', root)).filter(
  (app) => 'bin' in JSON.parse(readFileSync(new URL(`apps/${app}/package.json`, root), 'utf8')),
);

test.each(programs)('%s asks before it imports anything else', (app) => {
  const entry = readFileSync(new URL(`apps/${app}/src/main.ts`, root), 'utf8');
  const imported = [...entry.matchAll(/^import .* from '([^']+)'/gm)].map(([, from]) => from);
  expect(imported).toEqual(['@rollcall/adapter-process/supported-node']);
});

test('an old one runs nothing, and ends with status 2', async () => {
  vi.spyOn(process, 'versions', 'get').mockReturnValue({ ...process.versions, node: '20.20.2' });
  const seen: string[] = [];
  await onSupportedNode(
    async () => seen.push('ran'),
    (problem) => seen.push(problem),
  );
  expect(seen).toEqual([expect.stringContaining('this is 20.20.2')]);
  expect(process.exitCode).toBe(2);
});

test.each([
  ['words', { level: 'error', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown }],
  ['numbers', { level: 50, time: expect.any(Number) as unknown }],
])('it is a line of the log, in %s', (format, expected) => {
  const written: string[] = [];
  const plain: string[] = [];
  inLogOf('mqtt-adapter', {
    stdout: { write: (text) => written.push(text) },
    stderr: { write: (text) => plain.push(text) },
    env: { ROLLCALL_LOG_FORMAT: format },
  })('too old');
  expect(written).toHaveLength(1);
  expect(JSON.parse(written[0] ?? '')).toMatchObject({
    ...expected,
    name: 'mqtt-adapter',
    code: 'NODE_TOO_OLD' satisfies ConfigCode,
    msg: 'too old',
  });
  expect(plain).toEqual([]);
});

test('it is plain for whoever sits at a terminal', () => {
  const written: string[] = [];
  const terminal = { isTTY: true, write: (text: string) => written.push(text) };
  inLogOf('mqtt-adapter', { stdout: terminal, stderr: terminal, env: {} })('too old');
  expect(written).toEqual(['too old\n']);
});
