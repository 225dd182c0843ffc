import { describe, expect, test } from 'vitest';
import type { HealthCheck } from '../health/health-json.ts';
import { mergeChecks, mergeMetrics, type ProcessAnswer } from './merge-answers.ts';
import { idOfSeat, seatFrom, seatsOf, seatText, type Seat } from './seats.ts';
import { whatNext, type ProcessEnd } from './what-next.ts';

const texts = (seats: readonly Seat[]): readonly string[] => seats.map((seat) => seatText(seat));

describe('processes of an adapter', () => {
  test.each([
    ['one, as ever', 1, 0, true, ['/serving']],
    ['three', 3, 0, false, ['0/serving', '1/serving', '2/serving']],
    ['two after one', 2, 0, true, ['0/serving', '1/serving', '/retiring']],
    ['two after four', 2, 4, false, ['0/serving', '1/serving', '2/retiring', '3/retiring']],
    ['one after two', 1, 2, false, ['/serving', '0/retiring', '1/retiring']],
    ['four after two', 4, 2, false, ['0/serving', '1/serving', '2/serving', '3/serving']],
  ])('%s: no journal of before is left behind', (_name, processes, earlier, hasJournal, expected) => {
    expect(texts(seatsOf(processes, { processes: earlier, hasJournal }))).toEqual(expected);
  });

  test('a seat goes through the environment, and names its adapter', () => {
    for (const seat of seatsOf(2, { processes: 3, hasJournal: true }))
      expect(seatFrom(seatText(seat))).toEqual(seat);
    expect(idOfSeat('mqtt', { number: 1 })).toBe('mqtt-1');
    expect(idOfSeat('mqtt', { number: undefined })).toBe('mqtt');
  });
});

describe('a process that ended', () => {
  const killed: ProcessEnd = {
    hasRetired: false,
    asked: false,
    wasReady: true,
    status: null,
    ranMs: 5_000,
    restarts: 0,
  };

  test('is started again, later each time, and soon where it had run for long', () => {
    const waits: number[] = [];
    let restarts = 0;
    for (let round = 0; round < 9; round++) {
      const next = whatNext({ ...killed, restarts });
      if (typeof next === 'string') throw new Error(next);
      waits.push(next.restartInMs);
      ({ restarts } = next);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    expect(whatNext({ ...killed, restarts, ranMs: 60_000 })).toEqual({ restartInMs: 100, restarts: 1 });
  });

  test.each([
    ['was asked to stop', { asked: true }, 'done'],
    ['has retired', { hasRetired: true, status: 0 }, 'done'],
    ['could never start', { wasReady: false, status: 1 }, 'fail'],
    ['was killed while it retired', { hasRetired: true }, { restartInMs: 100, restarts: 1 }],
    ['stopped unasked', { status: 0 }, { restartInMs: 100, restarts: 1 }],
  ] as const)('%s', (_name, facts, expected) => {
    expect(whatNext({ ...killed, ...facts })).toEqual(expected);
  });
});

describe('answers of several processes', () => {
  const up: HealthCheck = { name: 'protocol-adapter', status: 'UP' };
  const behind: HealthCheck = {
    name: 'journal',
    status: 'DEGRADED',
    code: 'JOURNAL_BEHIND',
    reason: 'events are in memory alone',
  };
  const of = (process: string, ...checks: HealthCheck[]): ProcessAnswer => ({
    process,
    state: 'answered',
    checks,
  });

  test('readiness is that of the worst, and says whose', () => {
    expect(mergeChecks([of('0', up, { name: 'journal', status: 'UP' }), of('1', up, behind)])).toEqual([
      up,
      { ...behind, reason: 'process 1: events are in memory alone' },
    ]);
  });

  test.each([
    ['restarting', 'DEGRADED', 'PROCESS_RESTARTING'],
    ['silent', 'DOWN', 'PROCESS_SILENT'],
    ['starting', 'DOWN', 'ADAPTER_NOT_RUNNING'],
  ] as const)('one that is %s is %s', (state, status, code) => {
    expect(mergeChecks([of('0', up), { process: '1', state, checks: [] }])).toMatchObject([{ status, code }]);
  });

  test('where none serves, it is down', () => {
    expect(mergeChecks([{ process: '0', state: 'restarting', checks: [] }])).toMatchObject([
      { status: 'DOWN' },
    ]);
  });

  test('metrics: each family once, each series with its process', () => {
    const text = (value: number): string =>
      `# HELP a_total how many {of} them\n# TYPE a_total counter\na_total{k="x y"} ${value}\n\n# HELP b b\n# TYPE b gauge\nb ${value}\n`;
    expect(
      mergeMetrics([
        { process: '0', text: text(1) },
        { process: '1', text: text(2) },
      ]),
    ).toBe(
      '# HELP a_total how many {of} them\n# TYPE a_total counter\na_total{process="0",k="x y"} 1\na_total{process="1",k="x y"} 2\n\n' +
        '# HELP b b\n# TYPE b gauge\nb{process="0"} 1\nb{process="1"} 2\n',
    );
  });
});
