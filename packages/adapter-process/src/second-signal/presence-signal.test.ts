import { ManualClock, recordingLog, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { HeardAnswer } from './judge-answer.ts';
import { PresenceSignal } from './presence-signal.ts';

const withinMs = 10_000;
const waitMs = 1_500;
const base = { readThroughMs: 99_500, lagMs: 500, coveredSinceMs: 0 };
const heard: HeardAnswer = { ...base, heardAtMs: 97_000 };
const silent: HeardAnswer = { ...base, heardAtMs: 80_000 };
const lags: HeardAnswer = { ...base, lagMs: 60_000, heardAtMs: undefined };
const never = (): Promise<HeardAnswer> => new Promise(() => {});
const away = (): Promise<HeardAnswer> => Promise.reject(new Error('connect ECONNREFUSED'));

type Ask = (url: string, times: number) => Promise<HeardAnswer>;

function given(ask: Ask, urls: readonly string[] = ['one']) {
  const clock = new ManualClock();
  const log = recordingLog();
  const asked: string[] = [];
  const untils: AbortSignal[] = [];
  const signal = new PresenceSignal({
    ...{ clock, log, urls, waitMs },
    ask(url, _instance, until) {
      asked.push(url);
      untils.push(until);
      return ask(url, asked.length);
    },
  });
  /** What it says in the end, and when. */
  async function outcome(instance = 'mqtt'): Promise<{ state: string; afterMs: number }> {
    const begin = clock.monotonic();
    const ends: { state: string; afterMs: number }[] = [];
    void signal
      .stateOf(instance, withinMs)
      .then((state) => ends.push({ state, afterMs: clock.monotonic() - begin }));
    for (let step = 0; step < 40 && ends.length === 0; step += 1) {
      await settled();
      if (ends.length === 0) clock.advance(50);
    }
    const [end] = ends;
    if (!end) throw new Error('it waits for ever');
    return end;
  }
  return { clock, outcome, asked, untils, codes: () => log.lines.map(({ message }) => message) };
}

test('an instance that a service heard publishes, whatever the others say, or do not', async () => {
  const answers = new Map([
    ['one', never],
    ['two', away],
    ['three', async () => silent],
    ['four', async () => heard],
  ]);
  const { outcome, untils } = given((url) => answers.get(url)?.() ?? never(), [...answers.keys()]);
  expect(await outcome()).toEqual({ state: 'publishes', afterMs: 0 });
  expect(
    untils.every(({ aborted }) => aborted),
    'nobody waits for the others',
  ).toBe(true);
});

test('one that no service heard is silent, at once', async () => {
  const { outcome, codes } = given(async () => silent, ['one', 'two']);
  expect(await outcome()).toEqual({ state: 'silent', afterMs: 0 });
  expect(codes()).toEqual([]);
});

test.each<[string, () => Promise<HeardAnswer>]>([
  ['that is away', away],
  ['that does not answer', never],
  ['whose stream lags', async () => lags],
])(
  'a service %s holds nothing up for longer than the wait: signs of life alone decide',
  async (_kind, ask) => {
    const { outcome, codes, clock } = given(ask);
    expect(await outcome()).toEqual({ state: 'silent', afterMs: waitMs });
    expect(codes()).toEqual([expect.stringContaining('signs of life alone decide')]);
    expect(clock.armed).toBe(0);
  },
);

test('a service that could not say is asked again while there is time', async () => {
  const { outcome, asked } = given((_url, times) => (times < 3 ? away() : Promise.resolve(heard)));
  expect(await outcome()).toEqual({ state: 'publishes', afterMs: 600 });
  expect(asked).toHaveLength(3);
});

test('one that is silent at one service waits for another that may have heard it, as long as it may', async () => {
  const { outcome, codes } = given(
    (url) => (url === 'one' ? Promise.resolve(silent) : never()),
    ['one', 'two'],
  );
  expect(await outcome()).toEqual({ state: 'silent', afterMs: waitMs });
  expect(codes()).toEqual([]);
});

test('the log has each instance that still publishes once a minute', async () => {
  const { outcome, codes, clock } = given(async () => heard);
  for (const instance of ['a', 'a', 'b']) await outcome(instance);
  expect(codes()).toHaveLength(2);
  clock.advance(60_000);
  await outcome('a');
  expect(codes()).toHaveLength(3);
});
