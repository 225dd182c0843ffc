import { disconnectReasons } from '@rollcall/core/events';
import { describe, expect, test } from 'vitest';
import { basisInWords, certaintyInWords, durationInWords, reasonInWords } from './in-words.ts';
import { readRoute, writeRoute, type Route } from './route.ts';
import { SseReader } from './sse-reader.ts';
import { timesIn } from './times.ts';
import { visibleRows } from './visible-rows.ts';

describe('words', () => {
  test('there are some for each reason, and another one stands as it came', () => {
    for (const reason of Object.keys(disconnectReasons))
      expect(reasonInWords(reason)).not.toBe(reason.replaceAll('-', ' '));
    expect(reasonInWords('moved-away')).toBe('moved away');
  });

  test.each([
    [0, '0 ms'],
    [949, '949 ms'],
    [1_000, '1 s'],
    [4_500, '4.5 s'],
    [90_000, '90 s'],
    [185_000, '3 min'],
    [7_500_000, '2 h 5 min'],
    [7_200_000, '2 h'],
    [259_200_000, '3 d'],
  ])('%i ms are %j', (ms, words) => {
    expect(durationInWords(ms)).toBe(words);
  });

  test('say how a connection is known, and how sure an end is', () => {
    expect(basisInWords({ kind: 'session', 'detect-within-ms': 90_000 })).toBe(
      'an open connection; silence is noticed within 90 s',
    );
    expect(basisInWords({ kind: 'session', 'detect-within-ms': null })).toContain('may go unnoticed');
    expect(basisInWords({ kind: 'lease', 'interval-ms': 10_000, 'detect-within-ms': 10_000 })).toContain(
      'every 10 s',
    );
    expect([0, 45_000].map((ms) => certaintyInWords({ 'uncertainty-ms': ms }))).toEqual([
      'known exactly',
      'up to 45 s before',
    ]);
  });

  test.each([
    ['Europe/Berlin', '2026-11-28T12:03:41', '2026-11-28T11:03:41.000Z', 'Europe/Berlin, UTC+1'],
    ['Europe/Berlin', '2026-07-01T12:00:00', '2026-07-01T10:00:00.000Z', 'Europe/Berlin, UTC+2'],
    // A minute without seconds, as browsers give it; and the hours around the turn of the clocks.
    ['Europe/Berlin', '2026-10-25T01:59', '2026-10-24T23:59:00.000Z', 'Europe/Berlin, UTC+2'],
    ['Europe/Berlin', '2026-10-25T03:00', '2026-10-25T02:00:00.000Z', 'Europe/Berlin, UTC+1'],
    ['Europe/Berlin', '2026-03-29T01:59', '2026-03-29T00:59:00.000Z', 'Europe/Berlin, UTC+1'],
    ['Europe/Berlin', '2026-03-29T03:00', '2026-03-29T01:00:00.000Z', 'Europe/Berlin, UTC+2'],
    ['Asia/Kolkata', '2026-11-28T00:00:00', '2026-11-27T18:30:00.000Z', 'Asia/Calcutta, UTC+5:30'],
    ['America/St_Johns', '2026-11-28T00:00:00', '2026-11-28T03:30:00.000Z', 'America/St_Johns, UTC−3:30'],
    ['UTC', '2026-11-28T00:00:00', '2026-11-28T00:00:00.000Z', 'UTC'],
  ])('in %s, %s of a form is %s, and the clock is told: %s', (timeZone, text, iso, zone) => {
    const times = timesIn(timeZone);
    const atMs = times.fromField(text);
    expect(new Date(atMs).toISOString()).toBe(iso);
    expect(times.field(atMs).startsWith(text)).toBe(true);
    expect(times.zone(atMs).replace('Asia/Kolkata', 'Asia/Calcutta')).toBe(zone);
  });

  test('a form that says no time gives none', () => {
    expect(timesIn('Europe/Berlin').fromField('')).toBeNaN();
  });

  test('times have as much of the date as is needed', () => {
    const { short, full, field } = timesIn('Europe/Berlin');
    const now = Date.parse('2026-11-28T12:00:00Z');
    expect(short(now - 60_000, now)).toBe('12:59:00');
    expect(short(now - 86_400_000, now)).toBe('27 Nov 13:00:00');
    expect(short(now - 365 * 86_400_000, now)).toBe('28 Nov 2025 13:00:00');
    expect(full(now)).toMatch(/^28 Nov 2026 13:00:00 /);
    expect(field(now)).toBe('2026-11-28T13:00:00');
  });
});

describe('addresses', () => {
  test.each<Route>([
    { order: 'name', spanS: 86_400, tenant: 'a/b ü?#', device: '../%2F 🚀' },
    {
      order: 'latest',
      spanS: 3_600,
      tenant: 't',
      status: 'offline',
      reason: 'inactive',
      withinS: 3_600,
      search: 'x&y=z',
    },
    { order: 'name', spanS: 86_400, tenant: 't', device: 'd', atMs: Date.parse('2026-11-28T12:00:00Z') },
  ])('%j is read as it was written', (route) => {
    expect(readRoute(writeRoute(route))).toEqual(route);
  });

  test.each(['', '#', '#/', '#/%zz', '#/%E0%A4%A', '#/a/b/c', '#?status=gone&span=-1&at=soon&within=1e99'])(
    'what is none, %j, is the beginning',
    (hash) => {
      expect(readRoute(hash)).toEqual({ order: 'name', spanS: 86_400 });
    },
  );
});

describe('a stream', () => {
  test('has comments, fields without a space, and data in several lines', () => {
    expect(new SseReader('0').read(': hello\nretry: 5\n\nevent:x\ndata:1\ndata: 2\n\ndata\n\n')).toEqual([
      { type: 'x', data: '1\n2', id: '0' },
    ]);
  });

  test('with a line that does not end is given up', () => {
    const reader = new SseReader();
    expect(() => {
      for (let piece = 0; piece < 10; piece += 1) reader.read('x'.repeat(1_000_000));
    }).toThrow('without an end');
  });
});

test.each([
  [0, 0, 30],
  [44_000, 992, 1_022],
  [1e9, 49_978, 50_000],
  [-500, 0, 30],
])('of 50,000 rows, scrolled by %i pixels, a few are drawn', (scrolled, first, end) => {
  const shown = visibleRows({ scrolled, height: 572, rowHeight: 44, rows: 50_000 });
  expect(shown).toEqual({ first, end });
});
