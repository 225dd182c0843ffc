// Makes a new adapter of apps/adapter-template, without network: npm run new-adapter -- <name>
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const template = 'adapter-template';

/**
 * What is wrong with the name of a protocol; `undefined` where it may be used.
 * @param {string | undefined} name
 * @param {readonly string[]} apps folders that are there
 * @returns {string | undefined}
 */
export function nameProblem(name, apps) {
  if (name === undefined) return 'say which protocol: npm run new-adapter -- <name>';
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40)
    return `${name}: must be lower-case letters and digits, in words joined by hyphens, 40 characters at most`;
  if (/(^|-)adapter$/.test(name)) return `${name}: leave "adapter" out, it is appended`;
  if (name === 'template' || name === 'new') return `${name}: is taken by the repository itself`;
  if (apps.includes(`${name}-adapter`)) return `${name}: there is apps/${name}-adapter already`;
  return undefined;
}

/**
 * The template's text, or the path of one of its files, as the new adapter has it: its name in every spelling.
 * @param {string} text
 * @param {string} name
 */
export function renamed(text, name) {
  const words = name.split('-');
  const pascal = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
  const camel = pascal[0].toLowerCase() + pascal.slice(1);
  return (
    text
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
 * The new adapter's package.json: what is copied is published, the template is not.
 * @param {string} text
 * @param {string} name
 */
export function adapterManifest(text, name) {
  const { private: _private, ...manifest } = JSON.parse(renamed(text, name));
  return json(manifest);
}

/**
 * The root package.json with a script that runs the new adapter, next to those of the other apps.
 * @param {string} text
 * @param {string} name
 */
export function rootManifest(text, name) {
  const manifest = JSON.parse(text);
  const scripts = Object.entries(manifest.scripts);
  const last = scripts.findLastIndex(([, command]) => command.startsWith('node scripts/run.mjs app '));
  scripts.splice(last + 1, 0, [`${name}-adapter`, `node scripts/run.mjs app ${name}-adapter`]);
  return json({ ...manifest, scripts: Object.fromEntries(scripts) });
}

/**
 * pnpm-lock.yaml with the new adapter: it depends on what the template depends on, so nothing has to be resolved.
 * @param {string} text
 * @param {string} name
 */
export function lockfileWith(text, name) {
  const [before, importers, after] = splitOnce(text, /^importers:\n\n([^]*?)(?=^\S)/m);
  const blocks = importers.split(/^(?= {2}\S)/m);
  const copied = blocks.find((block) => block.startsWith(`  apps/${template}:`));
  if (copied === undefined) throw new Error(`pnpm-lock.yaml has no apps/${template}`);
  blocks.push(copied.replace(`apps/${template}`, `apps/${name}-adapter`));
  const path = (block) => block.slice(0, block.indexOf(':'));
  blocks.sort((a, b) => (path(a) < path(b) ? -1 : 1));
  return `${before}importers:\n\n${blocks.join('')}${after}`;
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
 * @param {{ name: string, read: (path: string) => string, files: readonly string[] }} repository with the files of the
 *   template, by their paths in it
 * @returns {ReadonlyMap<string, string>} by path from the root
 */
export function plan({ name, read, files }) {
  const texts = new Map();
  for (const file of files) {
    const text = read(`apps/${template}/${file}`);
    texts.set(
      `apps/${name}-adapter/${renamed(file, name)}`,
      file === 'package.json' ? adapterManifest(text, name) : renamed(text, name),
    );
  }
  texts.set('package.json', rootManifest(read('package.json'), name));
  const { description } = JSON.parse(texts.get(`apps/${name}-adapter/package.json`));
  const architecture = 'docs/architecture.md';
  texts.set(architecture, architectureWith(read(architecture), name, description));
  texts.set('pnpm-lock.yaml', lockfileWith(read('pnpm-lock.yaml'), name));
  texts.set(
    `.changeset/${name}-adapter.md`,
    `---\n'@rollcall/${name}-adapter': minor\n---\n\nFirst release: an adapter for ${name} devices.\n`,
  );
  return texts;
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
  const name = process.argv.slice(2).find((argument) => argument !== '--');
  const problem = nameProblem(name, readdirSync(join(root, 'apps')));
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 2;
    return;
  }

  const source = join(root, 'apps', template);
  const texts = plan({
    name,
    read: (path) => readFileSync(join(root, path), 'utf8'),
    files: readdirSync(source, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(source.length + 1))
      .filter((file) => !/^(dist|node_modules|\.turbo)\b/.test(file)),
  });
  const originals = new Map();
  for (const path of texts.keys())
    if (existsSync(join(root, path))) originals.set(path, readFileSync(join(root, path)));

  const folder = `apps/${name}-adapter`;
  try {
    for (const [path, text] of texts) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    // Names of another length break lines elsewhere.
    run(root, 'pnpm', ['exec', 'oxfmt', folder, 'package.json', 'docs/architecture.md']);
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

  console.log(`${folder} is there, with a script in package.json, its place in pnpm-lock.yaml, a row in docs/architecture.md, and a changeset.

  npm run ${name}-adapter
      runs it; ${folder}/README.md says what it must be told
  pnpm exec vitest run ${folder}/
      runs its tests, with pnpm on the path (npm run setup says where it is)

Next: docs/add-a-protocol.md, step 2.`);
}

function run(cwd, command, args) {
  const { error, status } = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (error || status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `status ${status}`}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
