// Writes what documents, the Dockerfile and package.json files list of the adapters: npm run tables
//
// The field `rollcall` in the package.json of each adapter is where it stands; scripts/adapter-tables.test.ts fails
// where a list is another.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { adapterEntry, inOrder } from '../apps/rollcall/src/adapters/adapter-entry.ts';
import { banner } from '../apps/rollcall/src/up/banner.ts';
import { demoPorts } from '../apps/rollcall/src/adapters/ports.ts';

/** @typedef {import('../apps/rollcall/src/adapters/adapter-entry.ts').AdapterEntry} AdapterEntry */

/**
 * The adapters that are published, in order.
 * @param {readonly object[]} manifests package.json of each app
 * @returns {readonly AdapterEntry[]}
 */
export function publishedAdapters(manifests) {
  return inOrder(
    manifests
      .filter((manifest) => manifest.private !== true)
      .flatMap((manifest) => adapterEntry(manifest) ?? []),
  );
}

/**
 * Each file that lists adapters, and how its text becomes the one with these.
 * @type {Readonly<Record<string, (text: string, adapters: readonly AdapterEntry[]) => string>>}
 */
export const lists = {
  'package.json': rootManifest,
  Dockerfile: (text, adapters) =>
    replaced(text, /# <adapters>\n([^]*?)# <\/adapters>/, adapters.map(imageStage).join('')),
  'README.md': (text, adapters) => {
    const shown = replaced(
      text,
      /^```text(\nReady\.\n[^]*?\n)Connection events of DEFAULT_TENANT/m,
      bannerHead(adapters),
    );
    const commands = adapters.map(({ name }) => `    npm run ${name}\n`).join('');
    const started = replaced(shown, /^((?: {4}npm run [a-z0-9-]+-adapter\n)+)/m, commands);
    const links = adapters.map(({ name, protocol }) => `[${protocol}](apps/${name}/README.md)`);
    return replaced(started, /its environment table: ([^]*?)\.\n/, links.join(', '));
  },
  'apps/rollcall/README.md': (text, adapters) =>
    replaced(text, /^\| port +\| for +\|\n\| -+ \| -+ \|\n((?:\|.*\n)+)/m, demoRows(adapters)),
  'docs/operations.md': (text, adapters) =>
    replaced(
      text,
      /^\| port +\| for +\| variable +\|\n\| -+ \| -+ \| -+ \|\n((?:\|.*\n)+?)\| 8088/m,
      portRows(adapters),
    ),
  'docs/architecture.md': (text, adapters) =>
    replaced(text, /^((?:\| `apps\/[a-z0-9-]+-adapter` .*\n)+)/m, folderRows(text, adapters)),
  'apps/rollcall/package.json': (text, adapters) => {
    const manifest = JSON.parse(text);
    const others = Object.entries(manifest.dependencies).filter(([name]) => !isAdapter(name));
    const own = adapters.map(({ name }) => [`@rollcall/${name}`, 'workspace:^']);
    return json({ ...manifest, dependencies: sortedByName([...others, ...own]) });
  },
};

/**
 * An adapter's stage of the Dockerfile.
 * @param {AdapterEntry} adapter
 */
export function imageStage({ name, ports }) {
  const addresses = ports.map(({ variable }) => `${bindAddressOf(variable)}=0.0.0.0`);
  const exposed = ports.map(({ port, transport }) => (transport === 'udp' ? `${port}/udp` : port));
  return `FROM app AS ${name}\nENV ${addresses.join(' \\\n  ')}\nEXPOSE ${exposed.join(' ')} 8088\n\n`;
}

/**
 * The variable of the address that a port is bound to: `ROLLCALL_MQTT_BINDADDRESS` of `ROLLCALL_MQTT_PORT`.
 * @param {string} variable
 */
export function bindAddressOf(variable) {
  return variable.replace(/(INSECUREPORT)?(?:PORT)?$/, '$1BINDADDRESS');
}

function rootManifest(text, adapters) {
  const manifest = JSON.parse(text);
  const scripts = Object.entries(manifest.scripts);
  const at = scripts.findIndex(([name]) => isAdapter(name));
  const others = scripts.filter(([name]) => !isAdapter(name));
  const own = adapters.map(({ name }) => [name, `node scripts/run.mjs app ${name}`]);
  others.splice(at, 0, ...own);
  return json({ ...manifest, scripts: Object.fromEntries(others) });
}

function bannerHead(adapters) {
  const ports = demoPorts(0, adapters);
  const text = banner({ table: adapters, ports, dataDir: '.rollcall', offset: 0, hasRegistry: true });
  return text.slice(0, text.indexOf('Connection events of'));
}

function demoRows(adapters) {
  return rows([
    ...adapters.map(({ protocol, up: { port, transport, note } }) => [
      port,
      `${protocol} devices${transport === 'udp' ? ` (UDP${note === undefined ? '' : `, ${note}`})` : ''}`,
    ]),
    [15_672, 'Events API (AMQP 1.0)'],
    [8_090, 'presence API (HTTP)'],
    [28_080, 'management API of the device registry (HTTP)'],
    [28_672, 'device registry (AMQP 1.0)'],
    ...adapters.map(({ title, up }) => [up.healthPort, `health and metrics of the ${title} adapter`]),
    [9_190, 'health and metrics of the presence service'],
    [9_191, 'health and metrics of the device registry'],
  ]);
}

function portRows(adapters) {
  return rows(
    adapters.map(({ ports }) => {
      const udp = ports.every(({ transport }) => transport === 'udp') ? ' (UDP)' : '';
      return [
        ports.map(({ port }) => port).join(', '),
        ports.map((each) => each.for).join(', ') + udp,
        ports
          .map(
            ({ variable }, index) =>
              `\`${index === 0 ? variable : `…${variable.slice(variable.lastIndexOf('_'))}`}\``,
          )
          .join(', '),
      ];
    }),
  );
}

/** Rows of the table of folders. Where to start reading is said there alone: of a new adapter, at its composition root. */
function folderRows(text, adapters) {
  return rows(
    adapters.map(({ name, description }) => {
      const [, startAt] = new RegExp(`^\\| \`apps/${name}\` .*\\| (.*?) *\\|$`, 'm').exec(text) ?? [];
      return [
        `\`apps/${name}\``,
        description.replace(/\.$/, ''),
        startAt ?? '`src/run.ts`, then `src/tracker.ts`',
      ];
    }),
  );
}

function rows(cells) {
  return cells.map((each) => `| ${each.join(' | ')} |\n`).join('');
}

/** Its name alone, that of its package, or its path beside another app. */
function isAdapter(name) {
  return /^(?:@rollcall\/|\.\.\/)?[a-z][a-z0-9-]*-adapter$/.test(name) && name !== 'new-adapter';
}

function sortedByName(entries) {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The text with the first group of the pattern replaced. */
function replaced(text, pattern, by) {
  const match = new RegExp(pattern.source, `${pattern.flags}d`).exec(text);
  if (!match) throw new Error(`a list of adapters is not where it was: no ${pattern}`);
  const [start, end] = match.indices[1];
  return text.slice(0, start) + by + text.slice(end);
}

/** @param {object} value */
function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * The folders of the apps. Others may be left over, with nothing but what a tool made.
 * @param {string} root
 * @returns {readonly string[]}
 */
export function appsIn(root) {
  return readdirSync(join(root, 'apps')).filter((folder) =>
    existsSync(join(root, 'apps', folder, 'package.json')),
  );
}

/**
 * package.json of each app.
 * @param {string} root
 * @returns {readonly object[]}
 */
export function manifestsOfApps(root) {
  return appsIn(root).map((folder) =>
    JSON.parse(readFileSync(join(root, 'apps', folder, 'package.json'), 'utf8')),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const adapters = publishedAdapters(manifestsOfApps(root));
  for (const [file, written] of Object.entries(lists)) {
    const path = join(root, file);
    writeFileSync(path, written(readFileSync(path, 'utf8'), adapters));
  }
}
