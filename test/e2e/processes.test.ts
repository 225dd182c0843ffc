import { expect, onTestFinished, test } from 'vitest';
import { startApp } from './support/processes.ts';

test('a test waits for a line of a process no longer than the process runs', async () => {
  const running = startApp('rollcall', ['--version']);
  onTestFinished(async () => void (await running.end('SIGKILL')));
  const never = running.line(() => false, 'what it never prints');
  await expect(never).rejects.toThrow('rollcall ended, and did not print what it never prints');
  await expect(running.line(() => false, 'anything')).rejects.toThrow('ended, and did not print anything');
});

test('a test finds the last line that a process prints before it ends', async () => {
  const running = startApp('rollcall', ['--version']);
  onTestFinished(async () => void (await running.end('SIGKILL')));
  expect(await running.line((line) => /^\d+\.\d+\.\d+/.test(line), 'its version')).toMatch(/^\d/);
});
