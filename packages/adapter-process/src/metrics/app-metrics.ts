import { Counter, Gauge, type Registry } from 'prom-client';
import type { AppMetrics } from '@rollcall/adapter-kit';
import type { AppMetricValue } from '@rollcall/adapter-kit/internal';

/** Metrics of which the app, or a part of the adapter, keeps the numbers: they are read whenever metrics are rendered. */
export function createAppMetrics(registry: Registry): AppMetrics {
  const registers = [registry];
  return {
    counter({ label, ...names }, read) {
      new Counter({
        ...names,
        labelNames: label === undefined ? [] : [label],
        registers,
        collect() {
          collectInto(this, label, read());
        },
      });
    },
    gauge({ label, ...names }, read) {
      new Gauge({
        ...names,
        labelNames: label === undefined ? [] : [label],
        registers,
        collect() {
          collectInto(this, label, read());
        },
      });
    },
  };
}

/** Both kinds have `inc`, and after `reset` it sets the value. */
function collectInto(
  metric: { reset(): void; inc(labels: Record<string, string>, value: number): void },
  label: string | undefined,
  value: AppMetricValue,
): void {
  metric.reset();
  for (const [labels, each] of seriesOf(label, value)) metric.inc(labels, each);
}

function seriesOf(label: string | undefined, value: AppMetricValue): [Record<string, string>, number][] {
  if (typeof value === 'number') return [[{}, value]];
  if (label === undefined) return [];
  return Object.entries(value).map(([name, count]) => [{ [label]: name }, count]);
}
