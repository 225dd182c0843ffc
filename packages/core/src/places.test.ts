import { expect, test } from 'vitest';
import { createPlaces, type Places } from './places.ts';

/** Peers are named after their address, and numbered. */
function fill(
  places: Places<string>,
  address: string,
  count: number,
  standing?: 'silent' | 'idle' | 'busy',
): string[] {
  const losers: string[] = [];
  for (let i = 0; i < count; i++) {
    const loser = places.take(`${address} ${i}`, address, standing);
    if (loser !== undefined) losers.push(loser);
  }
  return losers;
}

test('one address leaves places for others, and its own oldest give way', () => {
  const places = createPlaces<string>({ max: 12 });
  expect(fill(places, '192.0.2.1', 12)).toEqual(['192.0.2.1 0', '192.0.2.1 1']);
  expect(places.size).toBe(10);
});

test('a network leaves places for others too', () => {
  const places = createPlaces<string>({ max: 12 });
  const losers = Array.from({ length: 13 }, (_, i) => places.take(`peer ${i}`, `192.0.2.${i}`));
  expect(losers.filter((loser) => loser !== undefined)).toEqual(['peer 0', 'peer 1']);
});

test('a full table never turns a newcomer away because one address fills it', () => {
  const places = createPlaces<string>({ max: 12 });
  fill(places, '192.0.2.1', 10);
  for (let i = 0; i < 2; i++) expect(places.take(`honest ${i}`, `198.51.100.${i}`)).toBeUndefined();
  expect(places.take('honest 2', '203.0.113.1')).toBe('192.0.2.1 0');
  expect(places.take('honest 3', '203.0.113.2')).toBe('192.0.2.1 1');
});

test.each([
  ['IPv6 networks of one site', (i: number) => `2001:db8:1:${i.toString(16)}::1`],
  ['IPv4 addresses of one network', (i: number) => `192.0.2.${i}`],
])('%s count as one where they are many', (_what, address) => {
  const places = createPlaces<string>({ max: 120 });
  for (let i = 0; i < 110; i++) places.take(`flood ${i}`, address(i));
  for (let i = 0; i < 10; i++) expect(places.take(`honest ${i}`, `2001:db8:${i + 2}::1`)).toBeUndefined();
  expect(places.take('honest 10', '2001:db8:3::1')).toBe('flood 0');
});

test('an address with many peers gives way before a network of many addresses', () => {
  const places = createPlaces<string>({ max: 120 });
  for (let i = 0; i < 100; i++) places.take(`office ${i}`, `198.51.100.${i}`);
  fill(places, '192.0.2.1', 6);
  for (let i = 0; i < 14; i++) places.take(`stranger ${i}`, `203.0.${i}.1`);
  expect(places.take('one more', '203.0.113.1')).toBe('office 0');
  places.free('stranger 0');
  places.take('192.0.2.1 6', '192.0.2.1');
  expect(places.take('another', '203.0.113.2')).toBe('192.0.2.1 0');
});

test('the holder that has proved least gives way first, the oldest of them', () => {
  const places = createPlaces<string>({ max: 5, wholeToOne: true });
  fill(places, '192.0.2.1', 4);
  places.stand('192.0.2.1 0', 'busy');
  places.stand('192.0.2.1 1', 'idle');
  places.take('stranger', '203.0.113.1');
  const losers = ['a', 'b', 'c', 'd'].map((name, i) => places.take(name, `198.51.${i}.1`, 'busy'));
  expect(losers).toEqual(['192.0.2.1 2', 'stranger', '192.0.2.1 3', '192.0.2.1 1']);
});

test('where all are busy, the last to come of the fullest block makes room for others, and none for its own', () => {
  const places = createPlaces<string>({ max: 3, wholeToOne: true });
  fill(places, '192.0.2.1', 3, 'busy');
  expect(places.take('one of them', '192.0.2.1')).toBe('one of them');
  expect(places.take('honest', '198.51.100.1')).toBe('192.0.2.1 2');
});

test('where its own block holds most, a newcomer can be made to wait instead', () => {
  const places = createPlaces<string>({ max: 3, wholeToOne: true, sameBlock: 'newcomer' });
  fill(places, '192.0.2.1', 3);
  expect(places.take('one of them', '192.0.2.1')).toBe('one of them');
  expect(places.take('a neighbour', '192.0.2.2')).toBe('192.0.2.1 0');
});

test('two bursts of like size do not drive each other out', () => {
  const places = createPlaces<string>({ max: 10, wholeToOne: true, sameBlock: 'newcomer' });
  fill(places, '192.0.2.1', 10);
  expect(fill(places, '198.51.100.1', 5)).toEqual([
    '192.0.2.1 0',
    '192.0.2.1 1',
    '192.0.2.1 2',
    '198.51.100.1 3',
    '198.51.100.1 4',
  ]);
  expect(places.take('again', '192.0.2.1')).toBe('again');
});

test('a place that is free can be taken again', () => {
  const places = createPlaces<string>({ max: 1 });
  places.take('a', '192.0.2.1');
  places.free('a');
  places.free('a');
  places.stand('a', 'busy');
  expect(places.size).toBe(0);
  expect(places.take('b', '192.0.2.1')).toBeUndefined();
});
