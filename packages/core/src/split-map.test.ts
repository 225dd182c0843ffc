import { expect, test } from 'vitest';
import { SplitMap } from './split-map.ts';

test('what was put is found until it is deleted, whatever its key is', () => {
  const map = new SplitMap<number>();
  const keys = [
    '',
    'a',
    'ä\n',
    '["acme","thermostat-7"]',
    ...Array.from({ length: 2_000 }, (_, at) => `device-${at}`),
  ];
  for (const [place, key] of keys.entries()) map.set(key, place);
  expect(keys.map((key) => map.get(key))).toEqual([...keys.keys()]);
  expect([map.delete('a'), map.delete('a'), map.get('a')]).toEqual([true, false, undefined]);
  map.set('device-7', -1);
  expect([map.get('device-7'), map.get('device-8'), map.get('device-2000')]).toEqual([-1, 12, undefined]);
});
