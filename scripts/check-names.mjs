// Checks that scripts and files exist which documents, configurations and comments name: node scripts/check-names.mjs
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Where names are looked for. */
const places = [
  '{README,CONTRIBUTING}.md',
  'Dockerfile',
  '*.{ts,json,yaml}',
  '.changeset/*.md',
  '.ci/*',
  '.github/**/*.yml',
  'docs/**/*.{md,ts,yaml}',
  '{apps,packages}/*/{README.md,*.json}',
  '{apps,packages}/*/src/**/*.ts',
  '{scripts,bench}/**/*.{mjs,ts}',
  'test/**/*.{ts,mjs}',
];

/** What a name may mean: every file of the repository that no tool made. */
const all = [...places, '{apps,packages,docs,bench,test,scripts,deploy}/**/*.*', '*.*'];
const madeByTools = /(^|\/)(node_modules|dist|\.turbo|\.toolchain)\//;

/** Files that a reader makes, or that a tool makes for the reader. */
const readersOwn = new Set([
  'registry.yaml',
  './registry.yaml',
  '..data/registry.yaml',
  'new.yaml',
  'service.mjs',
  './webhook.ts',
  'findings.json',
]);

/** Apps in examples of how to make one. */
const examples = /\bnpm run (?:foo|my-proto)-adapter\b/;

/**
 * Names in one file that nothing answers to.
 * @param {string} path from the root, with slashes
 * @param {string} text
 * @param {{ scripts: object, files: readonly string[] }} repository
 * @returns {string[]}
 */
export function unknownNames(path, text, { scripts, files }) {
  const prose = path.endsWith('.md') ? text : commentsOf(text);
  const unknown = [
    ...found(prose, /\bp?npm(?: --silent)? run ([a-z][\w:-]*)/g).filter(
      ([command, name]) => !(name in scripts) && !examples.test(command),
    ),
    ...found(prose, /\b(?:p?npm) (start|test)\b/g).filter(([, name]) => !(name in scripts)),
    ...found(text, /(?<![\w.:-])(run:[a-z][a-z0-9-]*)/g).filter(([, name]) => !(name in scripts)),
    ...found(prose, filesNamed).filter(([, name]) => !readersOwn.has(name) && !isThere(name, path, files)),
  ];
  const links = path.endsWith('.md') ? found(text, /\]\(([^)#\s]+)[^)]*\)/g) : [];
  const dead = links.filter(
    ([, to]) => !/^[a-z]+:/.test(to) && !leads(posix.join(posix.dirname(path), to), files),
  );
  return [...unknown, ...dead].map(([, name]) => `${path}: there is no ${name}`);
}

/** Paths and names of files: no part of an address on the web, of a pattern, or of what code imports. */
const filesNamed =
  /(?<![\w./@<:*{'-])((?:\.{0,2}[\w-][\w.-]*\/|\.{1,2}\/)*[\w-][\w.-]*\.(?:ts|mjs|md|yaml|yml|sql|py))\b(?![\w/*{])/g;

function found(text, pattern) {
  return [...text.matchAll(pattern)];
}

/** A name is short for every path that ends with it; in a document or a package it may be relative. */
function isThere(name, path, files) {
  const relative = posix.join(posix.dirname(path), name);
  const tail = `/${name.replace(/^(\.{1,2}\/)+/, '')}`;
  return (
    files.includes(relative) || (!name.startsWith('.') && files.some((file) => `/${file}`.endsWith(tail)))
  );
}

function leads(path, files) {
  const folder = path.endsWith('/') ? path : `${path}/`;
  return files.some((file) => file === path || file.startsWith(folder));
}

/** Comments of TypeScript, JavaScript, YAML, and shells. */
function commentsOf(text) {
  return found(text, /(?:^|\s)\/\/.*$|\/\*[^]*?\*\/|^\s*#.*$/gm)
    .map(([comment]) => comment)
    .join('\n');
}

function paths(root, patterns) {
  return [
    ...new Set(globSync(patterns, { cwd: root, exclude: (name) => /^(node_modules|dist)$/.test(name) })),
  ]
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !madeByTools.test(path));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const files = paths(root, all);
  const own = dirname(fileURLToPath(import.meta.url));
  const problems = paths(root, places)
    .filter((path) => !join(root, path).startsWith(join(own, 'check-names')))
    .flatMap((path) => unknownNames(path, readFileSync(join(root, path), 'utf8'), { scripts, files }));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
