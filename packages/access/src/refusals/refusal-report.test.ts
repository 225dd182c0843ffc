import { ManualClock, seededRandom, recordingLog } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createFrequentTexts } from './frequent-texts.ts';
import { createRefusalReport } from './refusal-report.ts';

function givenAReport() {
  const clock = new ManualClock();
  const log = recordingLog();
  return { clock, log, ...createRefusalReport({ clock, log }, 'DTLS') };
}

test('what is refused is logged once a minute, by cause and by block of addresses', () => {
  const { clock, log, refused, stop } = givenAReport();
  for (let i = 0; i < 3; i++) refused('malformed', '192.0.2.1');
  for (let i = 1; i <= 5; i++) refused('timeout', `2001:db8:1:2::${i}`);
  clock.advance(59_999);
  expect(log.lines).toEqual([]);
  clock.advance(1);
  expect(log.lines).toMatchObject([
    {
      level: 'warn',
      message: 'DTLS: refused within a minute',
      facts: {
        refused: 8,
        causes: { malformed: 3, timeout: 5 },
        from: [
          { addresses: '2001:db8:1:2::/64', atLeast: 5 },
          { addresses: '192.0.2.1', atLeast: 3 },
        ],
      },
    },
  ]);
  // Nothing more, and no timer either, while nothing is refused.
  clock.advance(600_000);
  expect(log.lines).toHaveLength(1);
  expect(clock.armed).toBe(0);
  refused('replayed', '192.0.2.1');
  clock.advance(60_000);
  expect(log.lines[1]).toMatchObject({ facts: { refused: 1, causes: { replayed: 1 } } });
  refused('replayed', '192.0.2.1');
  stop();
  expect(clock.armed).toBe(0);
});

test('of a hundred thousand forged addresses, the one that sends most is named', () => {
  const { clock, log, refused } = givenAReport();
  const random = seededRandom(1);
  for (let i = 0; i < 100_000; i++) {
    refused('malformed', `10.${random.pick(256)}.${random.pick(256)}.${random.pick(256)}`);
    if (i % 10 === 0) refused('malformed', '192.0.2.66');
  }
  clock.advance(60_000);
  const { from = [] } = { ...log.lines[0]?.facts } as {
    from?: readonly { addresses: string; atLeast: number }[];
  };
  expect(from.length).toBeLessThanOrEqual(5);
  expect(from[0]?.addresses).toBe('192.0.2.66');
  expect(from[0]?.atLeast).toBeLessThanOrEqual(10_000);
  expect(from[0]?.atLeast).toBeGreaterThan(8_000);
});

test.each([1, 2, 3])('no text is said to have come more often than it did (seed %i)', (seed) => {
  const random = seededRandom(seed);
  const frequent = createFrequentTexts(8);
  const truth = new Map<string, number>();
  for (let i = 0; i < 5_000; i++) {
    const text = String(random.pick(2) === 0 ? random.pick(4) : random.pick(1_000));
    truth.set(text, (truth.get(text) ?? 0) + 1);
    frequent.add(text);
  }
  const top = frequent.top(100);
  expect(top.length).toBeLessThanOrEqual(8);
  for (const [text, atLeast] of top) expect(atLeast).toBeLessThanOrEqual(truth.get(text) ?? 0);
  const kept = new Set(top.map(([text]) => text));
  for (const [text, count] of truth) if (count > 5_000 / 8) expect(kept).toContain(text);
});
