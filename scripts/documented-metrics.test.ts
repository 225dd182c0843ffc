import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  composedNamesIn as untypedComposed,
  metricsIn as untypedMetrics,
  registeredMetrics as untypedRegistered,
  sourcesIn as untypedSources,
  // @ts-expect-error -- a script in plain JavaScript, as the others here
} from './registered-metrics.mjs';

// An operator finds each metric in a document, and each name in the sources.

const metricsIn = untypedMetrics as (source: string) => readonly string[];
const composedNamesIn = untypedComposed as (source: string) => readonly string[];
const root = fileURLToPath(new URL('..', import.meta.url));
const registered = [...(untypedRegistered as (root: string) => ReadonlySet<string>)(root)];
const sources = (
  untypedSources as (root: string) => readonly { readonly path: string; readonly text: string }[]
)(root);

const documents = globSync(['docs/*.md', '{packages,apps}/*/README.md'], { cwd: root })
  .map((path) => readFileSync(join(root, path), 'utf8'))
  .join('\n');

function undocumented(names: readonly string[], text: string): readonly string[] {
  const named = new Set(text.match(/\b(?:hono|rollcall)_[a-z_]+/g));
  return names.filter((name) => !named.has(name));
}

test('every metric that is registered stands in a document', () => {
  expect(registered.length).toBeGreaterThan(80);
  expect(undocumented(registered, documents)).toEqual([]);
});

test('no metric has a name that is put together of parts', () => {
  expect(
    sources.flatMap(({ path, text }) => composedNamesIn(text).map((name) => `${path}: ${name}`)),
  ).toEqual([]);
});

test('a metric without a document would be found, also where another one begins as it does', () => {
  const source = "counter({ name: 'rollcall_lost_total', help });\nconst channel = 'rollcall_presence';";
  expect(metricsIn(source)).toEqual(['rollcall_lost_total']);
  expect(undocumented(metricsIn(source), 'See `rollcall_lost_total_bytes`.')).toEqual([
    'rollcall_lost_total',
  ]);
  expect(undocumented(metricsIn(source), 'See `rollcall_lost_total{cause}`.')).toEqual([]);
  expect(composedNamesIn('name: `rollcall_dtls_${name}_total`')).toHaveLength(1);
});
