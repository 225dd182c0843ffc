// Makes a new adapter of apps/adapter-template, without network: npm run new-adapter -- <name> [<title>]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { appsIn, lists, publishedAdapters } from './adapter-tables.mjs';
import { filesIn } from './files-in.mjs';

const template = 'adapter-template';

/**
 * What is wrong with the name of a protocol; `undefined` where it may be used.
 * @param {string | undefined} name
 * @param {readonly string[]} apps folders that are there
 * @returns {string | undefined}
 */
export function nameProblem(name, apps) {
  if (name === undefined) return 'say which protocol: npm run new-adapter -- <name> [<title>]';
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40)
    return `${name}: must be lower-case letters and digits, in words joined by hyphens, 40 characters at most`;
  if (/(^|-)adapter$/.test(name)) return `${name}: leave "adapter" out, it is appended`;
  if (name === 'template' || name === 'new') return `${name}: is taken by the repository itself`;
  if (apps.includes(`${name}-adapter`)) return `${name}: there is apps/${name}-adapter already`;
  return undefined;
}

/**
 * What is wrong with the title of a protocol, as people write it; `undefined` where it may be used, or is not given.
 * @param {string | undefined} title
 * @returns {string | undefined}
 */
export function titleProblem(title) {
  if (
    title === undefined ||
    (/^[A-Za-z0-9][A-Za-z0-9.-]*( [A-Za-z0-9.-]+)*$/.test(title) && title.length <= 40)
  )
    return undefined;
  return `${title}: a title has letters, digits, dots and hyphens, in words joined by spaces, 40 characters at most`;
}

/**
 * The template's text, or the path of one of its files, as the new adapter has it: its name in every spelling.
 * @param {string} text
 * @param {string} name
 * @param {string} [title] as people write the protocol, e.g. `STOMP`
 */
export function renamed(text, name, title) {
  const words = name.split('-');
  const pascal = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
  const camel = pascal[0].toLowerCase() + pascal.slice(1);
  return (
    text
      // What people read.
      .replaceAll("'Template'", `'${title ?? pascal}'`)
      .replaceAll(
        /(?<=\b[Tt]he (?:Rollcall )?|"(?:title|protocol)": ")template(?= adapter|",)/g,
        title ?? name,
      )
      .replaceAll(/<!-- template only -->[^]*?<!-- \/template only -->\s*/g, '')
      .replaceAll(`node scripts/run.mjs app ${template}`, `npm run ${name}-adapter`)
      .replaceAll(template, `${name}-adapter`)
      .replaceAll('TEMPLATE', words.join('_').toUpperCase())
      .replaceAll('Template', pascal)
      // An identifier goes on with a capital letter; everything else is a word of its own.
      .replaceAll(/template(?=[A-Z])/g, camel)
      .replaceAll('template', name)
  );
}

/**
 * The new adapter's package.json: what is copied is published, the template is not. Its ports in `npm start` are those
 * that no other adapter has there.
 * @param {string} text
 * @param {string} name
 * @param {readonly { up: { port: number, healthPort: number } }[]} adapters that there are
 * @param {string} [title]
 */
export function adapterManifest(text, name, adapters, title) {
  const { private: _private, rollcall, ...manifest } = JSON.parse(renamed(text, name, title));
  const taken = new Set(adapters.flatMap(({ up }) => [up.port, up.healthPort]));
  const free = (port) => (taken.has(port) ? free(port + 1) : port);
  const up = { ...rollcall.up, port: free(rollcall.up.port), healthPort: free(rollcall.up.healthPort) };
  return json({ ...manifest, rollcall: { ...rollcall, up } });
}

/**
 * pnpm-lock.yaml with the new adapter: it depends on what the template depends on, so nothing has to be resolved. The
 * command line depends on it.
 * @param {string} text
 * @param {string} name
 */
export function lockfileWith(text, name) {
  const [before, importers, after] = splitOnce(text, /^importers:\n\n([^]*?)(?=^\S)/m);
  const blocks = importers.split(/^(?= {2}\S)/m);
  const copied = blocks.find((block) => block.startsWith(`  apps/${template}:`));
  if (copied === undefined) throw new Error(`pnpm-lock.yaml has no apps/${template}`);
  blocks.push(copied.replace(`apps/${template}`, `apps/${name}-adapter`));
  const cli = blocks.findIndex((block) => block.startsWith('  apps/rollcall:'));
  if (cli < 0) throw new Error('pnpm-lock.yaml has no apps/rollcall');
  blocks[cli] = withDependency(blocks[cli], name);
  const path = (block) => block.slice(0, block.indexOf(':'));
  blocks.sort((a, b) => (path(a) < path(b) ? -1 : 1));
  return `${before}importers:\n\n${blocks.join('')}${after}`;
}

/** An importer that depends on the new adapter, among its other dependencies in their order. */
function withDependency(block, name) {
  const [before, dependencies, after] = splitOnce(block, /^ {4}dependencies:\n((?: {6,}.*\n)+)/m);
  const own = `      '@rollcall/${name}-adapter':\n        specifier: workspace:^\n        version: link:../${name}-adapter\n`;
  const entries = [...dependencies.split(/^(?= {6}\S)/m), own];
  const nameOf = (entry) => entry.slice(0, entry.indexOf(':')).replaceAll(/[ ']/g, '');
  entries.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return `${before}    dependencies:\n${entries.join('')}${after}`;
}

/**
 * docs/architecture.md with a row for the new adapter, above that of the template.
 * @param {string} text
 * @param {string} name
 * @param {string} description of its package.json
 */
export function architectureWith(text, name, description) {
  const row = `| \`apps/${name}-adapter\` | ${description.replace(/\.$/, '')} | \`src/run.ts\`, then \`src/tracker.ts\` |\n`;
  const [before, copied, after] = splitOnce(text, /^(\| `apps\/adapter-template` .*\n)/m);
  return before + row + copied + after;
}

/**
 * Every file that changes, with its new text.
 * @param {{ name: string, title?: string, read: (path: string) => string, files: readonly string[], apps: readonly string[] }} repository
 *   with the files of the template, by their paths in it, and the folders of all apps
 * @returns {ReadonlyMap<string, string>} by path from the root
 */
export function plan({ name, title, read, files, apps }) {
  const texts = new Map();
  const manifests = apps.map((folder) => JSON.parse(read(`apps/${folder}/package.json`)));
  for (const file of files) {
    const text = read(`apps/${template}/${file}`);
    texts.set(
      `apps/${name}-adapter/${renamed(file, name)}`,
      file === 'package.json'
        ? adapterManifest(text, name, publishedAdapters(manifests), title)
        : renamed(text, name, title),
    );
  }
  const manifest = JSON.parse(texts.get(`apps/${name}-adapter/package.json`));
  const adapters = publishedAdapters([...manifests, manifest]);
  for (const [file, written] of Object.entries(lists)) texts.set(file, written(read(file), adapters));
  const architecture = 'docs/architecture.md';
  texts.set(architecture, architectureWith(read(architecture), name, manifest.description));
  texts.set('pnpm-lock.yaml', lockfileWith(read('pnpm-lock.yaml'), name));
  texts.set(
    `.changeset/${name}-adapter.md`,
    `---\n'@rollcall/${name}-adapter': minor\n'@rollcall/rollcall': minor\n---\n\nFirst release: an adapter for ${title ?? name} devices.\n`,
  );
  return texts;
}

/**
 * The files of the template that a new adapter has too: none that a tool made.
 * @param {string} source
 */
export function templateFiles(source) {
  return filesIn(source).filter((file) => !/^(dist|\.turbo)\b/.test(file));
}

/** @param {object} value */
function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function splitOnce(text, pattern) {
  const match = pattern.exec(text);
  if (!match) throw new Error(`what the new adapter belongs in is not as expected: no ${pattern}`);
  return [text.slice(0, match.index), match[1], text.slice(match.index + match[0].length)];
}

function main() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const [name, title] = process.argv.slice(2).filter((argument) => argument !== '--');
  const apps = appsIn(root);
  const problem = nameProblem(name, apps) ?? titleProblem(title);
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 2;
    return;
  }

  const source = join(root, 'apps', template);
  const texts = plan({
    name,
    title,
    apps,
    read: (path) => readFileSync(join(root, path), 'utf8'),
    files: templateFiles(source),
  });
  const originals = new Map();
  for (const path of texts.keys())
    if (existsSync(join(root, path))) originals.set(path, readFileSync(join(root, path)));

  const folder = `apps/${name}-adapter`;
  const formatted = Object.keys(lists).filter((file) => /[.](?:md|json)$/.test(file));
  try {
    for (const [path, text] of texts) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    // Names of another length break lines elsewhere.
    run(root, 'pnpm', ['exec', 'oxfmt', folder, 'docs/architecture.md', ...formatted]);
    run(root, 'pnpm', ['install', '--frozen-lockfile', '--offline', '--loglevel=warn']);
  } catch (error) {
    for (const path of texts.keys())
      if (originals.has(path)) writeFileSync(join(root, path), originals.get(path));
      else rmSync(join(root, path), { force: true });
    rmSync(join(root, folder), { recursive: true, force: true });
    console.error(`${error.message}\nEverything is as it was before.`);
    process.exitCode = 1;
    return;
  }

  console.log(`${folder} is there. package.json, pnpm-lock.yaml, Dockerfile, README.md, docs/ and apps/rollcall/ know it, and it has a changeset.

  npm run ${name}-adapter
      runs it; ${folder}/README.md says what it must be told
  pnpm exec vitest run ${folder}/
      runs its tests, with pnpm on the path (npm run setup says where it is)
  pnpm types
      checks its types, and those of its tests
  npm start
      runs it beside the other adapters

Next: docs/add-a-protocol.md, step 2.`);
}

function run(cwd, command, args) {
  const { error, status } = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (error || status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `status ${status}`}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
