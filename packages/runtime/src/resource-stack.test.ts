import { describe, expect, test } from 'vitest';
import { silentLog } from '@rollcall/core/environment';
import { recordingLog } from '@rollcall/conformance';
import { beginAll } from './begin-all.ts';
import { ResourceStack } from './resource-stack.ts';

const boom = (name: string) => new Error(`${name} cannot be closed`);

function given(failing: readonly string[] = []) {
  const ended: string[] = [];
  const end = async (name: string): Promise<void> => {
    await Promise.resolve();
    ended.push(name);
    if (failing.includes(name)) throw boom(name);
  };
  return { stack: new ResourceStack(), ended, end };
}

describe('a stack of resources', () => {
  test('ends them in reverse order, one after the other, once', async () => {
    const { stack, ended, end } = given();
    expect(stack.adopt('journal', end)).toBe('journal');
    stack.defer(() => end('outbox'));
    await stack.disposeAsync();
    await stack.disposeAsync();
    expect(ended).toEqual(['outbox', 'journal']);
  });

  test.each([
    ['one of them throws', ['b'], boom('b')],
    [
      'several throw',
      ['c', 'a'],
      new AggregateError([boom('c'), boom('a')], 'Error: c cannot be closed; Error: a cannot be closed'),
    ],
  ])('ends all of them where %s', async (_what, failing, thrown) => {
    const { stack, ended, end } = given(failing);
    for (const name of ['a', 'b', 'c']) stack.adopt(name, end);
    await expect(stack.disposeAsync()).rejects.toEqual(thrown);
    expect(ended).toEqual(['c', 'b', 'a']);
  });

  test('takes nothing more once it is disposed of: nothing would end it', async () => {
    const { stack } = given();
    await stack.disposeAsync();
    expect(() => stack.defer(() => {})).toThrow(ReferenceError);
  });
});

describe('parts that begin together', () => {
  test('stay open where all of them could begin', async () => {
    const { ended, end } = given();
    const begun = await beginAll(async (resources) => resources.adopt('a', end), silentLog);
    expect([begun, ended]).toEqual(['a', []]);
  });

  test('are closed where one of them cannot begin; the cause is thrown, and what cannot be closed is logged', async () => {
    const { ended, end } = given(['b']);
    const log = recordingLog();
    const cause = new Error('port is taken');
    const beginning = beginAll(async (resources) => {
      for (const name of ['a', 'b']) resources.adopt(name, end);
      throw cause;
    }, log);
    await expect(beginning).rejects.toBe(cause);
    expect(ended).toEqual(['b', 'a']);
    expect(log.lines).toEqual([
      { level: 'error', facts: { err: boom('b') }, message: 'a part that had started could not be closed' },
    ]);
  });
});
