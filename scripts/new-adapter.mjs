// Makes a new adapter of apps/adapter-template, without network:
// npm run new-adapter -- <name> [<title>] [--speaks <what devices speak>] [--port <port>]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { appsIn, lists, publishedAdapters } from './adapter-tables.mjs';
import { filesIn } from './files-in.mjs';

const template = 'adapter-template';
/** As check-prose.mjs wants it. */
const maxLineLength = 120;
const usage = 'npm run new-adapter -- <name> [<title>] [--speaks <what devices speak>] [--port <port>]';

/**
 * @typedef {object} Wording What the copy says in other words than the template.
 * @property {string} [title] as people write the protocol, e.g. `STOMP`
 * @property {string} [speaks] what devices speak, e.g. `binary frames`
 * @property {number} [port] without TLS; the one with TLS is the next
 */

/**
 * What is wrong with the name of a protocol; `undefined` where it may be used.
 * @param {string | undefined} name
 * @param {readonly string[]} apps folders that are there
 * @returns {string | undefined}
 */
export function nameProblem(name, apps) {
  if (name === undefined) return `say which protocol: ${usage}`;
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
 * What is wrong with the words for what devices speak; `undefined` where they may be used, or are not given.
 * @param {string | undefined} speaks
 * @returns {string | undefined}
 */
export function speaksProblem(speaks) {
  if (
    speaks === undefined ||
    (/^[A-Za-z0-9][A-Za-z0-9.-]*(,? [A-Za-z0-9.-]+)*$/.test(speaks) && speaks.length <= 60)
  )
    return undefined;
  return `${speaks}: say what devices speak in words of letters, digits, dots and hyphens, 60 characters at most`;
}

/**
 * What is wrong with the port without TLS; `undefined` where it may be used, or is not given.
 * @param {string | undefined} port
 * @returns {string | undefined}
 */
export function portProblem(port) {
  if (port === undefined || (/^[1-9]\d{0,4}$/.test(port) && Number(port) < 65_535)) return undefined;
  return `${port}: a port is a whole number from 1 to 65534; the next one is for TLS`;
}

/**
 * The template's text, or the path of one of its files, as the new adapter has it: its name in every spelling.
 * @param {string} text
 * @param {string} name
 * @param {Wording} [wording]
 */
export function renamed(text, name, { title, speaks, port } = {}) {
  const words = name.split('-');
  const pascal = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
  const camel = pascal[0].toLowerCase() + pascal.slice(1);
  return (
    withPorts(text, port)
      // What people read.
      .replaceAll('lines of text', speaks ?? 'lines of text')
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

/** Ports stand as `7070` in what people read, and as `7_070` in the code. */
function withPorts(text, plain) {
  if (plain === undefined) return text;
  const grouped = (port) => String(port).replace(/\B(?=(\d{3})+$)/g, '_');
  return text.replaceAll(/\b7(_?)07([01])\b/g, (_all, underscore, last) => {
    const port = plain + Number(last);
    return underscore ? grouped(port) : String(port);
  });
}

/**
 * A document whose paragraphs and items are wrapped again where a longer name or other words made a line too long.
 * @param {string} text
 */
export function wrapped(text) {
  // Blocks between empty lines; indented code, tables, headings and comments stay as they are.
  return text.replaceAll(/(?<=^|\n\n)(?! {4}|[|<#])(?:.+(?:\n|$))+/g, (block) =>
    block
      .split(/^(?=- )/m)
      .map((part) => (part.split('\n').some(isTooLong) ? wrappedPart(part) : part))
      .join(''),
  );
}

/** @param {string} line */
function isTooLong(line) {
  return line.length > maxLineLength;
}

/** @param {string} part a paragraph, or one item of a list */
function wrappedPart(part) {
  const indent = part.startsWith('- ') ? '  ' : '';
  const lines = [''];
  for (const word of part.trim().split(/\s+/)) {
    const line = lines.at(-1);
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && isTooLong(longer)) lines.push(indent + word);
    else lines[lines.length - 1] = longer;
  }
  return `${lines.join('\n')}${/\n*$/.exec(part)[0]}`;
}

/**
 * The new adapter's package.json: what is copied is published, the template is not. Its ports in `npm start` are those
 * that no other adapter has there.
 * @param {string} text
 * @param {string} name
 * @param {readonly { up: { port: number, healthPort: number } }[]} adapters that there are
 * @param {Wording} [wording]
 */
export function adapterManifest(text, name, adapters, wording) {
  const { private: _private, rollcall, ...manifest } = JSON.parse(renamed(text, name, wording));
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
 * Every file that changes, with its new text.
 * @param {{ name: string, wording?: Wording, read: (path: string) => string, files: readonly string[], apps: readonly string[] }} repository
 *   with the files of the template, by their paths in it, and the folders of all apps
 * @returns {ReadonlyMap<string, string>} by path from the root
 */
export function plan({ name, wording, read, files, apps }) {
  const texts = new Map();
  const manifests = apps.map((folder) => JSON.parse(read(`apps/${folder}/package.json`)));
  for (const file of files) {
    const text = read(`apps/${template}/${file}`);
    texts.set(
      `apps/${name}-adapter/${renamed(file, name)}`,
      file === 'package.json'
        ? adapterManifest(text, name, publishedAdapters(manifests), wording)
        : file.endsWith('.md')
          ? wrapped(renamed(text, name, wording))
          : renamed(text, name, wording),
    );
  }
  const manifest = JSON.parse(texts.get(`apps/${name}-adapter/package.json`));
  const adapters = publishedAdapters([...manifests, manifest]);
  for (const [file, written] of Object.entries(lists)) texts.set(file, written(read(file), adapters));
  texts.set('pnpm-lock.yaml', lockfileWith(read('pnpm-lock.yaml'), name));
  texts.set(
    `.changeset/${name}-adapter.md`,
    `---\n'@rollcall/${name}-adapter': minor\n'@rollcall/rollcall': minor\n---\n\nFirst release: an adapter for ${wording?.title ?? name} devices.\n`,
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

/**
 * What the command line asks for, or what is wrong with it.
 * @param {readonly string[]} args
 * @param {readonly string[]} apps folders that are there
 * @returns {{ name?: string, wording?: Wording, problem?: string }}
 */
export function readArguments(args, apps) {
  try {
    const { positionals, values } = parseArgs({
      args: args.filter((argument) => argument !== '--'),
      allowPositionals: true,
      options: { speaks: { type: 'string' }, port: { type: 'string' } },
    });
    const [name, title, ...others] = positionals;
    const { speaks, port } = values;
    const problem =
      nameProblem(name, apps) ??
      titleProblem(title) ??
      speaksProblem(speaks) ??
      portProblem(port) ??
      (others.length > 0 ? `${others.join(' ')}: is one word too many; ${usage}` : undefined);
    if (problem !== undefined) return { problem };
    return { name, wording: { title, speaks, port: port === undefined ? undefined : Number(port) } };
  } catch (error) {
    return { problem: `${error.message}\n${usage}` };
  }
}

function main() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const apps = appsIn(root);
  const { name, wording, problem } = readArguments(process.argv.slice(2), apps);
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 2;
    return;
  }

  const source = join(root, 'apps', template);
  const texts = plan({
    name,
    wording,
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
    run(root, 'pnpm', ['exec', 'oxfmt', folder, ...formatted]);
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
