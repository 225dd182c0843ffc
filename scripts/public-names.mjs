import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What is for Rollcall's own packages, and what is no code. */
const notPublic = new Set(['./internal', './package.json']);

/**
 * The names that each package gives to everyone, by package and entry.
 * @param {string} root
 * @returns {{ readonly folder: string, readonly specifier: string, readonly names: readonly string[] }[]} the specifier is what an import says
 */
export function publicEntries(root) {
  return globSync('packages/*/package.json', { cwd: root })
    .toSorted()
    .flatMap((file) => {
      const folder = dirname(file);
      const { name, exports = {} } = JSON.parse(readFileSync(join(root, file), 'utf8'));
      return Object.entries(exports)
        .filter(([entry]) => !notPublic.has(entry))
        .map(([entry, target]) => ({
          folder,
          specifier: name + entry.slice(1),
          names: namesIn(readFileSync(join(root, folder, target['@rollcall/source']), 'utf8')),
        }));
    });
}

/**
 * The names that an entry exports, in its order.
 * @param {string} text
 * @returns {string[]}
 */
export function namesIn(text) {
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) =>
      name
        .replace(/^[^]* as /, '')
        .replace(/^\s*type /, '')
        .trim(),
    )
    .filter((name) => name !== '');
}
