import { expect, test } from 'vitest';
import { drawnFrom, isBeforeCoverage, knownFrom, seenCounts } from './seen-counts.ts';

const asOf = {
  at: '2026-11-29T12:00:00Z',
  'lag-ms': 0,
  'covered-since': '2026-11-29T11:00:00Z',
  'complete-from': '2026-11-29T11:00:05Z',
  complete: true,
};

test('nothing is drawn for a time in which the service did not follow events', () => {
  const at = (time: string, online: number): { at: string; online: number; unknown: number } => ({
    at: `2026-11-29T${time}Z`,
    online,
    unknown: 0,
  });
  const points = [at('10:59:59', 0), at('11:00:00', 0), at('11:30:00', 7)];
  const knownSince = { 'known-since': asOf['covered-since'] };
  expect(seenCounts({ points, endings: {}, ...knownSince, 'as-of': asOf })).toEqual([
    { at: '2026-11-29T10:59:59Z', online: null, unknown: null },
    ...points.slice(1),
  ]);
});

test('nothing is drawn for a time of which the service has dropped connections: the later of the two times counts', () => {
  const counts = { 'known-since': '2026-11-29T11:20:00Z', 'as-of': asOf };
  const point = (time: string) => ({ at: `2026-11-29T${time}Z`, online: 7, unknown: 0 });
  const points = [point('11:19:59'), point('11:20:00')];
  expect(seenCounts({ points, endings: {}, ...counts }).map(({ online }) => online)).toEqual([null, 7]);
  const times = [counts, { ...counts, 'known-since': '2026-11-29T10:00:00Z' }].map(knownFrom);
  expect(times).toEqual([Date.parse('2026-11-29T11:20:00Z'), Date.parse(asOf['covered-since'])]);
});

test.each([
  ['10:59:59', true],
  ['11:00:00', false],
])('whether %s is before the events were followed: %j', (time, isBefore) => {
  expect(isBeforeCoverage(Date.parse(`2026-11-29T${time}Z`), asOf)).toBe(isBefore);
});

test.each([
  ['all of the time that was chosen, of which more is known', '10:00:00', '11:00:00'],
  ['no more than is known', '11:50:00', '11:50:00'],
  ['a minute, where less is known', '11:59:30', '11:59:00'],
  ['a minute, where the service began in the future of the reader', '12:05:00', '11:59:00'],
  ['all of it as long as nothing is known', undefined, '11:00:00'],
])('what is drawn is %s', (_what, known, from) => {
  const at = (time: string): number => Date.parse(`2026-11-29T${time}Z`);
  const drawn = drawnFrom(at('12:00:00'), 3_600, known === undefined ? undefined : at(known));
  expect(new Date(drawn).toISOString().slice(11, 19)).toBe(from);
});
