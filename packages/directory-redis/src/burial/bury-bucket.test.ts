import { expect, test } from 'vitest';
import { readDeath } from '../wire/death.ts';
import { deadInstanceOf } from './bury-bucket.ts';

test.each([
  ['a name that was declared dead under no instance', '1 owed 1000 1000 0000000000000001', true],
  ['an instance that gave signs of life', '1 owed 1000 999 0000000000000001', undefined],
])('endings of %s name the right adapter', (_what, text, isInvented) => {
  const death = readDeath(text);
  if (!death) throw new Error('no death');
  const identity = { type: 'hono-http', id: 'http-1', instance: 'a' };
  expect(deadInstanceOf({ identity, death }).isInvented).toBe(isInvented);
});
