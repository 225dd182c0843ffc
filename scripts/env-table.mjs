// Prints the environment table of an app, or with --write puts it into its README: npm run env-table -- <app> [--write]
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const block = /(<!-- environment -->\n)[^]*?(<!-- \/environment -->)/;

/**
 * The README with this table between its two `environment` comments.
 * @param {string} readme
 * @param {string} table
 */
export function withTable(readme, table) {
  if (!block.test(readme))
    throw new Error('the README has no <!-- environment --> and <!-- /environment -->');
  return readme.replace(block, (_all, begin, end) => `${begin}\n${table}\n\n${end}`);
}

/**
 * The options that a `config.ts` exports: the one export named so.
 * @param {object} config
 */
export function optionsIn(config) {
  const [options, ...others] = Object.entries(config)
    .filter(([name, value]) => name.endsWith('Options') && typeof value === 'object')
    .map(([, value]) => value);
  if (options === undefined || others.length > 0)
    throw new Error('src/config.ts must export one object of options, named like fooOptions');
  return options;
}

/**
 * @param {string} app its folder in apps/
 * @returns {Promise<string | undefined>} nothing where it has no options
 */
export async function tableOf(app) {
  const folder = join(root, 'apps', app);
  const config = join(folder, 'src/config.ts');
  if (!existsSync(config)) return undefined;
  // The app knows the kit and its modules; this script does not.
  const { resolve } = createRequire(config);
  const { environmentTable } = await import(resolve('@rollcall/options'));
  const own = optionsIn(await import(pathToFileURL(config)));
  const shared = await sharedOptions(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')), resolve);
  return environmentTable([own, ...shared].flatMap((options) => Object.values(options)));
}

async function main([app, ...flags]) {
  const table = app === undefined ? undefined : await tableOf(app);
  if (table === undefined) {
    console.error(
      'say which adapter or service, by its folder in apps/: npm run env-table -- foo-adapter [--write]',
    );
    process.exitCode = 2;
    return;
  }
  if (!flags.includes('--write')) return console.log(table);
  const readme = join(root, 'apps', app, 'README.md');
  writeFileSync(readme, withTable(readFileSync(readme, 'utf8'), table));
  // Its columns are aligned, as the check of the format wants them.
  const { status } = spawnSync('pnpm', ['exec', 'oxfmt', readme], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.exitCode = 1;
}

/** A service names its own options, and those of what it shares with adapters; what a fleet needs brings its options itself. */
async function sharedOptions({ rollcall, devDependencies }, resolve) {
  if (rollcall !== undefined) return optionsOfAdapters(resolve);
  if (devDependencies['@rollcall/directory-redis'] === undefined) return [];
  const { redis } = await import(resolve('@rollcall/directory-redis'));
  return [redis.options];
}

/** Those of the kit, and of the modules. */
async function optionsOfAdapters(resolve) {
  const { kitOptions } = await import(resolve('@rollcall/adapter-process/internal'));
  const { amqp } = await import(resolve('@rollcall/amqp-sender'));
  const { redis } = await import(resolve('@rollcall/directory-redis'));
  const { amqpRegistry } = await import(resolve('@rollcall/device-registry-amqp'));
  return [kitOptions, amqp.options, redis.options, amqpRegistry.options];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await main(process.argv.slice(2).filter((argument) => argument !== '--'));
