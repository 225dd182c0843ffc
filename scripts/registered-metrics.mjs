import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Names of the metrics that sources register. Each stands there whole, as a text of its own with something behind it, such as its help.
 * @param {string} root of the repository.
 * @returns {ReadonlySet<string>}
 */
export function registeredMetrics(root) {
  return new Set(sourcesIn(root).flatMap(({ text }) => metricsIn(text)));
}

/**
 * @param {string} source
 * @returns {readonly string[]}
 */
export function metricsIn(source) {
  return Array.from(source.matchAll(/'((?:hono|rollcall)_[a-z_]+)',/g), ([, name = '']) => name);
}

/**
 * Names that a source puts together of parts: nobody finds such a metric by its name, and no check does.
 * @param {string} source
 * @returns {readonly string[]}
 */
export function composedNamesIn(source) {
  return source.match(/`(?:hono|rollcall)_[^`]*\$\{[^`]*`/g) ?? [];
}

/**
 * @param {string} root of the repository.
 * @returns {readonly { readonly path: string, readonly text: string }[]}
 */
export function sourcesIn(root) {
  return globSync('{packages,apps}/*/src/**/*.ts', { cwd: root })
    .filter((path) => !/\.test\.ts$|[/\\]testing[/\\]/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
