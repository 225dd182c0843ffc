import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createAppMetrics } from './app-metrics.ts';

function givenMetrics() {
  const registry = new Registry();
  const lines = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { ...createAppMetrics(registry), lines };
}

test('an app keeps its numbers, and they are read when somebody asks', async () => {
  const { counter, gauge, lines } = givenMetrics();
  const dropped: Record<string, number> = { malformed: 0, replayed: 0 };
  let open = 3;
  counter({ name: 'x_dropped_total', help: 'dropped', label: 'cause' }, () => dropped);
  gauge({ name: 'x_open', help: 'open' }, () => open);
  expect(await lines()).toEqual([
    'x_dropped_total{cause="malformed"} 0',
    'x_dropped_total{cause="replayed"} 0',
    'x_open 3',
  ]);
  dropped['replayed'] = 5;
  open = 2;
  for (const _ of [1, 2])
    expect(await lines()).toEqual([
      'x_dropped_total{cause="malformed"} 0',
      'x_dropped_total{cause="replayed"} 5',
      'x_open 2',
    ]);
});

test('a value of the label that is there no more has no series', async () => {
  const { gauge, lines } = givenMetrics();
  let waiting: Record<string, number> = { a: 1, b: 2 };
  gauge({ name: 'x_waiting', help: 'waiting', label: 'queue' }, () => waiting);
  await lines();
  waiting = { b: 1 };
  expect(await lines()).toEqual(['x_waiting{queue="b"} 1']);
});

test('a name can be taken once', () => {
  const { counter, gauge } = givenMetrics();
  counter({ name: 'x_total', help: 'x' }, () => 0);
  expect(() => gauge({ name: 'x_total', help: 'x' }, () => 0)).toThrow('x_total');
});
