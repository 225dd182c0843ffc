import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { ScriptBatches, type ScriptCall, type ScriptOutcome } from './script-batches.ts';

const script = { name: 'a script', lua: 'return 1', sha: '0' };

/** Batches as they were sent, each answered when the test says so. */
function given() {
  const sent: ScriptCall[][] = [];
  const answers: ((outcomes: readonly ScriptOutcome[]) => void)[] = [];
  const batches = new ScriptBatches((calls) => {
    sent.push([...calls]);
    return new Promise((resolve) => answers.push(resolve));
  });
  return {
    run: (name: string) => batches.run({ script, keys: [name], args: [] }),
    keys: () => sent.map((calls) => calls.flatMap(({ keys }) => keys)),
    answer: (outcomes: readonly ScriptOutcome[]) => answers.shift()?.(outcomes),
  };
}

test('scripts of one turn are sent together; those asked until they are answered are sent next, in order', async () => {
  const { run, keys, answer } = given();
  const first = [run('a'), run('b')];
  await settled();
  const next = [run('c'), run('d'), run('e')];
  await settled();
  expect(keys()).toEqual([['a', 'b']]);
  answer([{ value: 1 }, { value: 2 }]);
  expect(await Promise.all(first)).toEqual([1, 2]);
  await settled();
  expect(keys()).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]);
  answer([{ value: 3 }, { value: 4 }, { value: 5 }]);
  expect(await Promise.all(next)).toEqual([3, 4, 5]);
});

test('one script that fails does not affect the others, and the next batch is sent', async () => {
  const { run, keys, answer } = given();
  const both = Promise.allSettled([run('a'), run('b')]);
  await settled();
  const error = new Error('WRONGTYPE');
  answer([{ error }, { value: 2 }]);
  expect(await both).toEqual([
    { status: 'rejected', reason: error },
    { status: 'fulfilled', value: 2 },
  ]);
  const last = run('c');
  await settled();
  answer([{ value: 3 }]);
  expect(await last).toBe(3);
  expect(keys()).toEqual([['a', 'b'], ['c']]);
});

test('a script without an outcome fails', async () => {
  const { run, answer } = given();
  const never = run('a');
  await settled();
  answer([]);
  await expect(never).rejects.toThrow('no answer');
});
