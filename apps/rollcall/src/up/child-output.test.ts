import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { keepOutput, warningIn } from './child-output.ts';

test.each([
  ['{"level":"warn","msg":"careful"}', 'careful'],
  ['{"level":"error","msg":"lost","cause":"reset"}', 'lost (reset)'],
  ['{"level":"fatal","msg":"lost","err":{"message":"boom"}}', 'lost (boom)'],
  ['{"level":"info","msg":"fine"}', undefined],
  ['{"level":"constructor","msg":"odd"}', undefined],
  ['{"level":40,"msg":"careful"}', 'careful'],
  ['{"level":50,"msg":"lost","cause":"reset"}', 'lost (reset)'],
  ['{"level":50,"msg":"lost","err":{"message":"boom"}}', 'lost (boom)'],
  ['{"level":30,"msg":"fine"}', undefined],
  ['not JSON', undefined],
  ['null', undefined],
])('the log line %s is shown as %j', (line, shown) => {
  expect(warningIn(line)).toBe(shown);
});

test('everything a child prints goes to its file; warnings and standard error are shown too', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-output-'));
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const shown: string[] = [];
  const file = join(directory, 'child.log');
  keepOutput('child', stdout, stderr, file, (line) => void shown.push(line));
  stdout.write('{"level":"info","msg":"fine"}\n{"level":"warn","msg":"careful"}\n');
  stderr.write('configuration: wrong\n');
  await expect.poll(() => shown.toSorted()).toEqual(['[child] careful', '[child] configuration: wrong']);
  // The reason of a crash may come last.
  stdout.end();
  await new Promise((resolve) => stdout.once('close', resolve));
  stderr.end('boom\n');
  await expect.poll(() => readFile(file, 'utf8')).toMatch(/fine(?:.|\n)*boom/);
  expect(shown).toHaveLength(3);
  await rm(directory, { recursive: true, force: true });
});
