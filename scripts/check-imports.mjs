// Checks who imports what, as docs/architecture.md says: node scripts/check-imports.mjs
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Libraries, and the folders whose code may import them. Others may be imported by every package that depends on them. */
const homes = {
  aedes: ['apps/mqtt-adapter'],
  fastify: ['apps/http-adapter', 'apps/presence', 'apps/device-registry', 'packages/http-service'],
  jose: [
    'packages/http-service/src/tokens',
    'packages/access/src/authentication',
    'apps/device-registry/src/auth',
  ],
  pg: ['packages/postgres', 'apps/presence/src/store/postgres'],
  pino: ['packages/logger-sink'],
  'prom-client': ['packages/adapter-process/src/metrics'],
  rhea: [
    'packages/rhea-internals',
    'packages/amqp-connection',
    'packages/messaging-network',
    'apps/amqp-adapter',
    'apps/device-registry/src/amqp',
    'apps/device-registry/src/auth',
  ],
  'rhea-promise': ['packages/amqp-connection'],
  ioredis: ['packages/directory-redis'],
};

/** What an adapter brings together in its composition root, and its other files know as ports of `core` only. */
const composed = [
  '@rollcall/amqp-sender',
  '@rollcall/directory-redis',
  '@rollcall/device-registry',
  '@rollcall/device-registry-amqp',
  '@rollcall/logger-sink',
  '@rollcall/messaging-network',
  '@rollcall/client',
];

/** Folders of one package that import each other, and why that may stand. A line without its cycle is a problem too. */
const knownCycles = {};

/**
 * What is wrong with the imports of one file.
 * @param {string} path from the root, with slashes
 * @param {string} text
 * @param {(folder: string) => boolean} isAdapter whether that app is an adapter
 * @returns {string[]}
 */
export function importProblems(path, text, isAdapter) {
  const folder = path.split('/').slice(0, 2).join('/');
  const root = isAdapter(folder) && path !== `${folder}/src/run.ts`;
  return importsOf(text).flatMap((specifier) => {
    const name = packageOf(specifier);
    const home = homes[name];
    if (home !== undefined && !home.some((place) => path.startsWith(`${place}/`)))
      return [`${path}: imports ${name}, which belongs in ${home.join(', ')}`];
    if (isAdapter(folder) && specifier === `${name}/internal`)
      return [`${path}: imports ${specifier}, which is not for adapters`];
    if (root && composed.includes(name)) return [`${path}: imports ${name}, which is for src/run.ts alone`];
    return [];
  });
}

/**
 * The folders of a package that import each other, also by way of others, as `a <-> b` in the order of the alphabet. Files beside the folders are
 * the package's contract and its composition, and belong to none.
 * @param {ReadonlyMap<string, string>} texts of the files below its src, by path
 * @returns {string[]}
 */
export function folderCycles(texts) {
  /** @type {Map<string, Set<string>>} */
  const imports = new Map();
  for (const [path, text] of texts) {
    const from = posix.dirname(path);
    for (const specifier of importsOf(text)) {
      const to = posix.join(from, posix.dirname(specifier));
      if (specifier.startsWith('.') && from !== '.' && to !== '.' && to !== from)
        imports.set(from, (imports.get(from) ?? new Set()).add(to));
    }
  }
  const folders = [...imports.keys()].toSorted();
  const reached = new Map(folders.map((folder) => [folder, reachableFrom(folder, imports)]));
  return folders.flatMap((one, at) =>
    folders
      .slice(at + 1)
      .filter((other) => reached.get(one).has(other) && reached.get(other).has(one))
      .map((other) => `${one} <-> ${other}`),
  );
}

function reachableFrom(folder, imports) {
  const reached = new Set();
  const ahead = [folder];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop())
    for (const to of imports.get(next) ?? [])
      if (!reached.has(to)) {
        reached.add(to);
        ahead.push(to);
      }
  return reached;
}

/** Every module that a text imports, exports from, or mentions in a type. */
function importsOf(text) {
  const found = text.matchAll(
    /^(?:import|export)\b[^'"`;]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...found].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic);
}

function packageOf(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Test code may take what it needs: it is not shipped. */
function isTestCode(path) {
  return /\.test\.ts$|\/testing\//.test(path);
}

function problemsIn(root) {
  const paths = globSync('{packages,apps}/*/src/**/*.ts', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !isTestCode(path));
  const texts = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
  const tags = new Map();
  const isAdapter = (folder) => {
    if (!tags.has(folder))
      tags.set(folder, JSON.parse(readFileSync(join(root, folder, 'turbo.json'), 'utf8')).tags);
    return tags.get(folder).includes('adapter');
  };
  const misplaced = [...texts].flatMap(([path, text]) => importProblems(path, text, isAdapter));
  return [...misplaced, ...cycleProblems(texts)];
}

function cycleProblems(texts) {
  const folders = new Set([...texts.keys()].map((path) => path.split('/').slice(0, 2).join('/')));
  const found = [...folders].flatMap((folder) => {
    const own = [...texts].filter(([path]) => path.startsWith(`${folder}/src/`));
    const inside = new Map(own.map(([path, text]) => [posix.relative(`${folder}/src`, path), text]));
    return folderCycles(inside).map((cycle) => `${folder}: ${cycle}`);
  });
  return [
    ...found.filter((cycle) => !(cycle in knownCycles)).map((cycle) => `${cycle}: folders import each other`),
    ...Object.keys(knownCycles)
      .filter((cycle) => !found.includes(cycle))
      .map((cycle) => `scripts/check-imports.mjs: ${cycle} is no cycle any more: take it out of the list`),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problems = problemsIn(fileURLToPath(new URL('..', import.meta.url)));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
