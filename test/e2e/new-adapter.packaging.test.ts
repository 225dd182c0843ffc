import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp } from './support/processes.ts';
import { startUp } from './support/up.ts';

// The generator in a copy of the repository, without network: the packages come from pnpm's store on this machine.

const root = fileURLToPath(new URL('../../', import.meta.url));
let copy = '';

function run(
  command: string,
  ...args: readonly string[]
): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: copy,
    encoding: 'utf8',
    env: {
      // Nothing of this test run may reach the one inside it.
      ...Object.fromEntries(
        Object.entries(process.env).filter(
          ([name]) => !/^(VITEST|TEST$|NODE_ENV$|npm_|ROLLCALL_)/.test(name),
        ),
      ),
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      NO_COLOR: '1',
      // The type checker is written in Go: a quarter of its processor time went into collecting garbage.
      GOGC: '400',
      pnpm_config_store_dir: storeDir(),
    },
  });
  return { status, output: `${stdout}${stderr}` };
}

/** Where the packages of this checkout came from: the default may be another one elsewhere in the file system. */
function storeDir(): string {
  const modules = readFileSync(join(root, 'node_modules/.modules.yaml'), 'utf8');
  return /storeDir"?: "?([^",\n]+)/.exec(modules)?.[1] ?? '';
}

const succeeds = { status: 0 };

/** @throws Error with all that it printed, where it does not. */
function passes(...command: readonly [string, ...string[]]): true {
  const { status, output } = run(...command);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${output}`);
  return true;
}

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'rollcall-copy-'));
  for (const file of filesOfRepository()) cpSync(join(root, file), join(copy, file));
  const { status, output } = run('pnpm', 'install', '--frozen-lockfile', '--offline');
  if (status !== 0) throw new Error(output);
  bringWhatIsBuilt();
});

/** So that only the new adapter is built. */
function bringWhatIsBuilt(): void {
  const members = ['packages', 'apps'].flatMap((kind) =>
    readdirSync(join(root, kind)).map((folder) => join(kind, folder, 'dist')),
  );
  for (const path of members.filter((each) => existsSync(join(root, each))))
    // Of the programs only the command line looks around where it lies: what is compiled of the others is theirs.
    if (path.startsWith('apps/') && path !== 'apps/rollcall/dist')
      symlinkSync(join(root, path), join(copy, path));
    else cpSync(join(root, path), join(copy, path), { recursive: true });
}

function filesOfRepository(): readonly string[] {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  return stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
}

/** What the generator wrote: everything else is as it is in the repository, where it is checked. */
function filesOfGenerator(): readonly string[] {
  const same = (file: string): boolean =>
    readFileSync(join(copy, file)).equals(readFileSync(join(root, file)));
  return [
    ...['apps/my-proto-adapter', '.changeset/my-proto-adapter.md'],
    ...filesOfRepository().filter((file) => !same(file)),
  ];
}

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('the generator changes nothing where the name cannot be used', () => {
  const before = readFileSync(join(copy, 'package.json'), 'utf8');
  const { status, output } = run('pnpm', '--silent', 'run', 'run:new-adapter', 'mqtt');
  expect(status).toBe(2);
  expect(output).toContain('mqtt: there is apps/mqtt-adapter already');
  expect(readFileSync(join(copy, 'package.json'), 'utf8')).toBe(before);
});

test('the generator leaves nothing behind where the new adapter cannot be installed', () => {
  const lockfile = readFileSync(join(copy, 'pnpm-lock.yaml'), 'utf8');
  const { status, output } = run(
    process.execPath,
    '--import',
    'data:text/javascript,process.env.PATH=""',
    'scripts/new-adapter.mjs',
    'my-proto',
  );
  expect(status).toBe(1);
  expect(output).toContain('Everything is as it was before.');
  expect(existsSync(join(copy, 'apps/my-proto-adapter'))).toBe(false);
  expect(existsSync(join(copy, '.changeset/my-proto-adapter.md'))).toBe(false);
  expect(readFileSync(join(copy, 'pnpm-lock.yaml'), 'utf8')).toBe(lockfile);
});

test('a new adapter passes its tests and the checks of the repository', () => {
  const made = run(
    ...(['pnpm', '--silent', 'run', 'run:new-adapter', 'my-proto'] as const),
    ...['--speaks', 'words and numbers', '--port', '7170'],
  );
  expect(made).toMatchObject(succeeds);
  expect(made.output).toContain('npm run my-proto-adapter');
  for (const check of [
    ['oxfmt', '--check', ...filesOfGenerator()],
    ['oxlint', '--type-check', 'apps/my-proto-adapter'],
    ['turbo', 'boundaries'],
    [
      'vitest',
      'run',
      // Here nothing is compiled yet, and each worker would compile what the others do.
      '--maxWorkers=1',
      'apps/my-proto-adapter/',
      'scripts/architecture.test.ts',
      'scripts/adapter-tables.test.ts',
    ],
  ])
    expect(passes('pnpm', 'exec', ...check)).toBe(true);
  // The command line, whose `up` starts it, reads which adapters there are when it runs: it is not built again.
  expect(passes('pnpm', '--dir', 'apps/my-proto-adapter', 'run', 'build')).toBe(true);
  for (const script of ['check-shape.mjs', 'check-imports.mjs', 'check-names.mjs', 'check-lockfile.mjs'])
    expect(passes(process.execPath, join('scripts', script))).toBe(true);
}, 900_000);

test('a new adapter serves a device, and its log has the events', async () => {
  const adapter = startApp(
    'my-proto-adapter',
    [],
    {
      ROLLCALL_REGISTRY_FILE: join(copy, 'apps/rollcall/demo/registry.yaml'),
      ROLLCALL_MESSAGING_HOST: '127.0.0.1',
      ROLLCALL_MESSAGING_PORT: '1',
      ROLLCALL_MY_PROTO_INSECUREPORTENABLED: 'true',
      ROLLCALL_MY_PROTO_INSECUREPORT: '0',
      ROLLCALL_HEALTH_PORT: '0',
    },
    copy,
  );
  const ready = JSON.parse(await adapter.line((line) => line.includes('"ready"'), 'that it is ready')) as {
    listening: { port: number }[];
  };
  const device = connect(ready.listening[0]?.port ?? 0, '127.0.0.1');
  const closed = once(device, 'close');
  device.resume().write('login sensor1@DEFAULT_TENANT hono-secret\nbye\n');
  const event = async (what: string): Promise<unknown> =>
    JSON.parse(await adapter.line((line) => line.includes(what), what));
  expect(await event('device connected')).toMatchObject({
    device: '4711',
    adapter: { type: 'rollcall-my-proto' },
  });
  expect(await event('device disconnected')).toMatchObject({
    device: '4711',
    reason: 'client-closed',
    clean: true,
  });
  await closed;
  expect(await adapter.end('SIGTERM')).toBe(0);
});

test('a new adapter joins `npm start`, which prints its address and shows its devices', async () => {
  const up = await startUp([], copy);
  try {
    const manifest = readFileSync(join(copy, 'apps/my-proto-adapter/package.json'), 'utf8');
    const { rollcall } = JSON.parse(manifest) as { rollcall: { up: { port: number } } };
    const port = rollcall.up.port + up.offset;
    const told = `  my-proto devices     127.0.0.1:${port} (words and numbers)`;
    expect(await up.process.line((line) => line === told, 'where it listens')).toBe(told);
    const device = connect(port, '127.0.0.1');
    device.resume().write('login sensor1@DEFAULT_TENANT hono-secret\nevent text/plain 21.5\nbye\n');
    const events = await up.untilEvents(2);
    expect(events.map(({ data }) => [data['adapter-id'], data['reason'] ?? 'connected'])).toEqual([
      ['my-proto-0', 'connected'],
      ['my-proto-0', 'client-closed'],
    ]);
  } finally {
    await up.cleanUp();
  }
});
