import { expect, test } from 'vitest';
import type { Death } from '../wire/death.ts';
import { shortId } from '../wire/short-id.ts';
import { heirOf } from './heir-of.ts';

function inheritedBy(heir: string): Death {
  return { state: 'inherited', declaredAtMs: 2, aliveAtMs: 1, unconfirmedSince: '0'.repeat(16), heir };
}

test('heirs of heirs, in order; a circle ends', () => {
  const deaths = new Map([
    [shortId('a'), inheritedBy('b')],
    [shortId('b'), inheritedBy('c')],
    [shortId('x'), inheritedBy('y')],
    [shortId('y'), inheritedBy('x')],
    [shortId('z'), inheritedBy('z')],
  ]);
  expect(heirOf(shortId('a'), deaths)).toEqual([shortId('b'), shortId('c')]);
  expect(heirOf(shortId('x'), deaths)).toEqual([shortId('y')]);
  expect(heirOf(shortId('z'), deaths)).toEqual([]);
  expect(heirOf(shortId('c'), deaths)).toEqual([]);
});
