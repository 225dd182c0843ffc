import { expect, test } from 'vitest';
import { judgeAnswer, type HeardAnswer } from './judge-answer.ts';
import { readAnswer } from './read-answer.ts';

// An adapter gave no sign of life for 10 s, at 100 s of the service's clock.
const withinMs = 10_000;

function answer(facts: Partial<HeardAnswer>): HeardAnswer {
  return { readThroughMs: 99_500, lagMs: 500, coveredSinceMs: 0, heardAtMs: undefined, ...facts };
}

test.each<[string, Partial<HeardAnswer>, string]>([
  ['heard within the later half', { heardAtMs: 94_500 }, 'publishes'],
  ['heard last when it still gave signs of life', { heardAtMs: 94_499 }, 'silent'],
  ['heard behind the time that all of the stream is read to', { heardAtMs: 99_900 }, 'publishes'],
  ['never heard', {}, 'silent'],
  ['never heard, and the service follows since a moment ago', { coveredSinceMs: 95_000 }, 'unknown'],
  [
    'heard, and the service follows since a moment ago',
    { coveredSinceMs: 95_000, heardAtMs: 97_000 },
    'publishes',
  ],
  [
    'silent, as far as a stream that lags is read',
    { readThroughMs: 94_999, lagMs: 5_001, heardAtMs: 80_000 },
    'unknown',
  ],
  [
    'heard lately, of news that are old',
    { readThroughMs: 40_000, lagMs: 60_000, heardAtMs: 99_000 },
    'unknown',
  ],
  [
    'heard, and no one knows how far the stream was read',
    { readThroughMs: undefined, heardAtMs: 99_000 },
    'unknown',
  ],
])('%s', (_case, facts, state) => {
  expect(judgeAnswer(answer(facts), withinMs)).toBe(state);
});

const asOf = { at: '2026-11-28T10:00:00.000Z', 'lag-ms': 12, 'covered-since': '2026-11-01T00:00:00.000Z' };

test('of an answer, the instance that was asked about counts', () => {
  const adapters = [
    { instance: 'other', 'last-heard-at': '2026-11-28T09:59:59.000Z' },
    { instance: 'mine', 'last-heard-at': '2026-11-28T09:59:50.000Z' },
  ];
  const read = readAnswer(JSON.stringify({ adapters, 'as-of': asOf }), 'mine');
  expect(read).toEqual({
    readThroughMs: Date.parse(asOf.at),
    lagMs: 12,
    coveredSinceMs: Date.parse(asOf['covered-since']),
    heardAtMs: Date.parse('2026-11-28T09:59:50.000Z'),
  });
  const none = readAnswer(
    JSON.stringify({ adapters: [], 'as-of': { ...asOf, at: null, 'lag-ms': null } }),
    'mine',
  );
  expect([none.readThroughMs, none.lagMs, none.heardAtMs]).toEqual([undefined, undefined, undefined]);
});

test.each([
  ['no JSON', '<html>'],
  ['no object', '7'],
  ['without as-of', '{"adapters": []}'],
  ['without adapters', JSON.stringify({ 'as-of': asOf })],
  ['with an adapter that has no time', JSON.stringify({ adapters: [{ instance: 'mine' }], 'as-of': asOf })],
  ['with a time that is none', JSON.stringify({ adapters: [], 'as-of': { ...asOf, at: 'soon' } })],
])('an answer %s is none', (_kind, text) => {
  expect(() => readAnswer(text, 'mine')).toThrow(Error);
});
