import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';

function startProgram(program: string): ChildProcess {
  const child = spawn(
    process.execPath,
    ['--conditions=@rollcall/source', '--input-type=module', '-e', program],
    { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const sourceOf = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

/** A process that logs `lines` lines of 1 kB once it is told to, and then exits with the status 7. `before` is done first. */
function givenALoggingProcess(lines: number, before = ''): ChildProcess {
  const program = `
    ${before}
    import { createLog } from ${sourceOf('create-log.ts')};
    const log = createLog({ name: 'a', level: 'info' });
    process.once('message', () => {
      for (let number = 0; number < ${lines}; number++) log.info({ text: 'x'.repeat(1_000), number }, 'a line');
      process.exit(7);
    });
    process.send('ready');`;
  return startProgram(program);
}

test('what waits when a process exits is written', async () => {
  const child = givenALoggingProcess(2_000);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await once(child, 'message');
  child.send('log');
  const [status] = (await once(child, 'close')) as [number];
  const numbers = text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly number: number }).number);
  expect(status).toBe(7);
  expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, number) => number));
});

test('a process whose standard output was closed exits', async () => {
  const child = givenALoggingProcess(3);
  await once(child, 'message');
  child.stdout?.destroy();
  child.send('log');
  expect(await once(child, 'exit')).toEqual([7, null]);
});

test('a process whose standard output is full, and nobody reads it, exits', async () => {
  // Node.js makes a write to it fail, where it would wait otherwise: so the kernel does not keep the process.
  const child = givenALoggingProcess(2_000, 'process.stdout;');
  await once(child, 'message');
  child.send('log');
  expect(await once(child, 'exit')).toEqual([7, null]);
});

test('lines that do not fit are left out while nobody reads, and told once somebody does', async () => {
  const child = startProgram(`
    import { openStandardOutput } from ${sourceOf('standard-output.ts')};
    const output = openStandardOutput({ dropped: (lines) => process.send(lines), maxWaitingBytes: 2_000_000 });
    for (let number = 0; number < 5_000; number++) output.write('x'.repeat(999) + '\\n');
    process.send('written');`);
  const closed = once(child, 'close');
  let leftOut = 0;
  let bytes = 0;
  child.on('message', (message) => {
    if (typeof message === 'number') leftOut += message;
    else
      child.stdout?.on('data', (part: Buffer) => {
        bytes += part.length;
      });
  });
  await closed;
  expect(leftOut).toBeGreaterThan(0);
  expect(leftOut + bytes / 1_000).toBe(5_000);
});
