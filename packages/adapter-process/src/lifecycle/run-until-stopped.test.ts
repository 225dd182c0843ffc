import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';

/** What it says while it runs in a process of its own: signals are for whole processes. */
function printed(program: string): Promise<string> {
  const file = new URL('./run-until-stopped.ts', import.meta.url).href;
  const source = `import { runUntilStopped } from ${JSON.stringify(file)};\n${program}`;
  const args = ['--conditions=@rollcall/source', '--input-type=module', '--eval', source];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (_error, stdout) => resolve(stdout));
  });
}

test('a process that is asked to stop as soon as it is ready stops in good order', async () => {
  const output = await printed(`
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    await runUntilStopped({
      log: silent,
      looksAt: 'nothing',
      begin: async (begun) => {
        const serving = setInterval(() => {}, 1_000);
        begun.defer(() => clearInterval(serving));
        begun.defer(() => process.stdout.write('tidied up\\n'));
      },
      ready: () => process.kill(process.pid, 'SIGTERM'),
    });
    process.stdout.write('stopped\\n');
  `);
  expect(output).toBe('tidied up\nstopped\n');
});

test('SIGHUP while a process begins: it looks at its files once it is ready', async () => {
  const output = await printed(`
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    await runUntilStopped({
      log: silent,
      looksAt: 'nothing',
      begin: async (begun, mayLook) => {
        const serving = setInterval(() => {}, 1_000);
        begun.defer(() => clearInterval(serving));
        const heard = new Promise((resolve) => process.once('SIGHUP', resolve));
        process.kill(process.pid, 'SIGHUP');
        await heard;
        mayLook(() => process.stdout.write('looked\\n'));
      },
      ready() {
        process.stdout.write('ready\\n');
        setImmediate(() => process.kill(process.pid, 'SIGTERM'));
      },
    });
  `);
  expect(output).toBe('ready\nlooked\n');
});
