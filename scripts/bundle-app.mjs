// Bundles the app of the current folder, with its libraries, into its dist: the script `build` of each app
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

/**
 * The files of the threads that a module may start: those beside it that talk with the one who started them. In the bundle too, they
 * are beside the module.
 * @param {string} text of the module
 * @param {Iterable<readonly [name: string, text: string]>} beside the files in its folder
 * @returns {string[]}
 * @throws Error where it starts a thread, and none is beside it
 */
export function threadsStartedIn(text, beside) {
  if (!/\bnew Worker\(/.test(text)) return [];
  const threads = [...beside].flatMap(([name, its]) => (/\bparentPort\b/.test(its) ? [name] : []));
  if (threads.length === 0) throw new Error('the file of a thread is beside the module that starts it');
  return threads;
}

/**
 * What the licences of libraries want handed on with them.
 * @typedef {{ name: string, version: string, license: string, texts: readonly string[] }} Library
 * @param {readonly Library[]} libraries
 * @returns {string}
 */
export function notices(libraries) {
  const one = ({ name, version, license, texts }) =>
    [`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n');
  const sorted = libraries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return `The programs beside this file contain these libraries:\n\n${sorted.map(one).join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** Those that ask for no more than their text, or a notice. Another one needs a decision first. */
const permissive = /^(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|Unlicense|BlueOak-1\.0\.0|Zlib)$/;

/**
 * The library that a module belongs to, `undefined` for one of ours.
 * @param {string} path
 * @returns {Library | undefined}
 * @throws Error where its licence is none that is handed on so
 */
export function libraryOf(path) {
  const inside = path.lastIndexOf('/node_modules/');
  if (inside === -1) return undefined;
  const [first, second] = path.slice(inside + '/node_modules/'.length).split('/');
  const root = join(
    path.slice(0, inside),
    'node_modules',
    first.startsWith('@') ? `${first}/${second}` : first,
  );
  const { name, version, license, author } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (!permissive.test(license)) throw new Error(`${name} has the licence ${license}`);
  const files = readdirSync(root).filter((file) => /^(licen[cs]e|copying|notice)\b/i.test(file));
  const texts = files.toSorted().map((file) => readFileSync(join(root, file), 'utf8'));
  const holder = typeof author === 'object' ? author.name : author;
  return {
    name,
    version,
    license,
    texts: texts.length > 0 ? texts : [`Copyright: ${holder ?? 'its authors'}`],
  };
}

/** Makes each thread that a bundled module may start a file of the bundle. */
function withThreads() {
  const sources = new Map();
  return {
    name: 'threads',
    transform(text, id) {
      if (!id.endsWith('.ts') || id.includes('/node_modules/')) return;
      const folder = dirname(id);
      for (const file of threadsStartedIn(text, sourcesIn(folder))) {
        const source = join(folder, file);
        const fileName = file.replace(/ts$/, 'js');
        if ((sources.get(fileName) ?? source) !== source)
          throw new Error(`two threads are named ${fileName}`);
        if (!sources.has(fileName)) this.emitFile({ type: 'chunk', id: source, fileName });
        sources.set(fileName, source);
      }
    },
  };
}

/** @returns {readonly (readonly [name: string, text: string])[]} */
function sourcesIn(folder) {
  return readdirSync(folder)
    .filter((file) => /(?<!\.test)\.ts$/.test(file))
    .map((file) => [file, readFileSync(join(folder, file), 'utf8')]);
}

/**
 * What libraries say of their inner life with the package `debug` is said by nobody: an app does not start where its environment asks for
 * it, since passwords would be printed. Even unasked it makes a list of all that it is given: a twelfth of what an MQTT connect makes.
 */
export function withoutDebug() {
  const id = '\0silent-debug';
  // Some libraries call what they require, others its `default`.
  const silent = `const debug = () => silent;
function silent() {}
silent.enabled = false;
debug.default = debug;
module.exports = debug;
`;
  return {
    name: 'without-debug',
    resolveId: (/** @type {string} */ source) => (source === 'debug' ? id : undefined),
    load: (/** @type {string} */ asked) => (asked === id ? { code: silent, moduleType: 'js' } : undefined),
  };
}

/**
 * Node.js loads its client for `fetch` and WebSockets, whose names `node:http` has too, where that is imported or required: some 25 ms
 * of processor time. No app needs that client at its start, and most never do.
 */
export function withoutFetchAtStart() {
  const id = '\0http';
  return {
    name: 'without-fetch-at-start',
    resolveId: (/** @type {string} */ source) => (/^(node:)?http$/.test(source) ? id : undefined),
    load: (/** @type {string} */ asked) =>
      asked === id
        ? { code: "module.exports = process.getBuiltinModule('node:http');\n", moduleType: 'js' }
        : undefined,
  };
}

/** @param {string} app its folder */
async function bundle(app) {
  const main = join(app, 'src/main.ts');
  if (!existsSync(main)) throw new Error(`${app} is no app`);
  const made = await rolldown({
    input: { main },
    platform: 'node',
    // `import` and `require` are added, each where a module does that: some packages are another thing to each.
    resolve: { conditionNames: ['@rollcall/source', 'node', 'default'] },
    plugins: [withThreads(), withoutDebug(), withoutFetchAtStart()],
    onLog(level, log) {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  const { output } = await made.write({
    dir: join(app, 'dist'),
    cleanDir: true,
    sourcemap: true,
    // All in one folder: what a module finds beside itself is beside the bundle.
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    // Names of classes are names of errors.
    keepNames: true,
  });
  const modules = output.flatMap((chunk) => chunk.moduleIds ?? []);
  const libraries = modules.flatMap((id) => libraryOf(id.split('?')[0]) ?? []);
  const unique = new Map(libraries.map((library) => [`${library.name} ${library.version}`, library]));
  writeFileSync(join(app, 'dist/THIRD-PARTY-LICENSES.txt'), notices([...unique.values()]));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await bundle(process.cwd());
