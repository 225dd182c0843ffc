import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

// An adapter as `npm run mqtt-adapter` starts it: npm, its shell, the launcher, the adapter. What fetches tools and builds is left out.

const root = fileURLToPath(new URL('../../', import.meta.url));
const environment = {
  ROLLCALL_REGISTRY_FILE: 'apps/rollcall/demo/registry.yaml',
  ROLLCALL_MESSAGING_HOST: '127.0.0.1',
  ROLLCALL_MESSAGING_PORT: '1',
  ROLLCALL_MQTT_INSECUREPORTENABLED: 'true',
  ROLLCALL_MQTT_INSECUREPORT: '0',
  ROLLCALL_HEALTH_PORT: '0',
};

interface BelowNpm {
  readonly npm: ChildProcess;
  readonly adapter: number;
  readonly lines: readonly string[];
}

let directory = '';
const started: number[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-npm-'));
  const [launch, start] = ['launch.mjs', 'start-app.mjs'].map((file) => join(root, 'scripts', file));
  writeFileSync(
    join(directory, 'run.mjs'),
    `import { launch } from ${JSON.stringify(launch)};
     launch(process.execPath, [${JSON.stringify(start)}, 'mqtt-adapter'], { cwd: ${JSON.stringify(root)}, env: process.env });`,
  );
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({ private: true, type: 'module', scripts: { adapter: 'node run.mjs' } }),
  );
});

afterEach(() => {
  for (const pid of started.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

/** In a process group of its own, as a terminal makes one. */
async function startBelowNpm(): Promise<BelowNpm> {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(ROLLCALL|HONO|npm)_/.test(name)),
  );
  const npm = spawn('npm', ['run', 'adapter'], {
    cwd: directory,
    env: { ...clean, ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  if (npm.pid !== undefined) started.push(npm.pid);
  const lines: string[] = [];
  const reader = createInterface(npm.stdout);
  const adapter = await new Promise<number>((resolve, reject) => {
    npm.once('error', reject);
    npm.once('exit', () => reject(new Error(`npm ended: ${lines.join('\n')}`)));
    reader.on('line', (line) => {
      lines.push(line);
      if (line.includes('"ready"')) resolve((JSON.parse(line) as { pid: number }).pid);
    });
  });
  started.push(adapter);
  return { npm, adapter, lines };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

const said = (lines: readonly string[], text: string): boolean => lines.some((line) => line.includes(text));

test.each<[what: string, happens: (running: BelowNpm) => void]>([
  ['npm alone is asked to end', ({ npm }) => npm.kill('SIGTERM')],
  ['npm is killed', ({ npm }) => npm.kill('SIGKILL')],
  ['the launcher is asked to end', ({ adapter }) => process.kill(parentOf(adapter), 'SIGTERM')],
  ['the launcher is killed', ({ adapter }) => process.kill(parentOf(adapter), 'SIGKILL')],
  ['all are asked to end at once, as by systemd', ({ npm }) => process.kill(-(npm.pid ?? 0), 'SIGTERM')],
  ['the user presses Ctrl-C', ({ npm }) => process.kill(-(npm.pid ?? 0), 'SIGINT')],
  ['the adapter alone is asked to end', ({ adapter }) => process.kill(adapter, 'SIGTERM')],
])('when %s, the adapter stops in order', async (_what, happens) => {
  const running = await startBelowNpm();
  happens(running);
  await expect.poll(() => isAlive(running.adapter), { timeout: 300_000 }).toBe(false);
  await expect.poll(() => said(running.lines, '"stopped"'), { timeout: 300_000 }).toBe(true);
});

test('no adapter is left behind when its terminal goes away', async () => {
  const { npm, adapter } = await startBelowNpm();
  process.kill(-(npm.pid ?? 0), 'SIGHUP');
  await expect.poll(() => isAlive(adapter), { timeout: 300_000 }).toBe(false);
});
