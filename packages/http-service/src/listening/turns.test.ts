import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

/** Questions that are answered when the test says so; `asked` has those that were begun, in order. */
function given(maxRunning: number, maxWaiting: number) {
  const turns = createTurns(maxRunning, maxWaiting, () => new Error('busy'));
  const asked: string[] = [];
  const refused: string[] = [];
  const answers: (() => void)[] = [];
  return {
    turns,
    asked,
    refused,
    ask(tenant: string, name: string): void {
      turns
        .take(tenant, () => {
          asked.push(name);
          return new Promise<void>((resolve) => answers.push(resolve));
        })
        .catch((error: unknown) => refused.push(`${name}: ${(error as Error).message}`));
    },
    async answer(count: number): Promise<void> {
      for (let left = count; left > 0; left -= 1) {
        answers.shift()?.();
        await settled();
      }
    },
  };
}

test('tenants take turns, even if one has a thousand requests', async () => {
  const { turns, asked, ask, answer } = given(2, 2_000);
  for (let number = 0; number < 1_000; number += 1) ask('loud', `loud ${number}`);
  ask('quiet', 'quiet');
  await settled();
  expect([asked, turns.waiting]).toEqual([['loud 0', 'loud 1'], 999]);
  await answer(2);
  expect(asked).toEqual(['loud 0', 'loud 1', 'loud 2', 'quiet']);
});

test('the last request of the tenant with most of them is refused if too many wait and another tenant comes', async () => {
  const { asked, refused, ask, answer } = given(1, 3);
  for (const name of ['a', 'b', 'c', 'd', 'e']) ask('loud', name);
  await settled();
  expect(refused).toEqual(['e: busy']);
  ask('quiet', 'x');
  await settled();
  expect(refused).toEqual(['e: busy', 'd: busy']);
  // It has nearly as many by now.
  ask('quiet', 'y');
  await settled();
  expect(refused).toEqual(['e: busy', 'd: busy', 'y: busy']);
  await answer(4);
  expect(asked).toEqual(['a', 'b', 'x', 'c']);
});
