import { Counter, Gauge, type Registry } from 'prom-client';
import type { AppMetrics, AppMetricValue } from '@rollcall/adapter-kit';

export function createAppMetrics(registry: Registry): AppMetrics {
  const registers = [registry];
  return {
    counter({ name, help, label }, read) {
      new Counter({
        name,
        help,
        labelNames: label === undefined ? [] : [label],
        registers,
        collect() {
          this.reset();
          for (const [labels, value] of seriesOf(label, read())) this.inc(labels, value);
        },
      });
    },
    gauge({ name, help, label }, read) {
      new Gauge({
        name,
        help,
        labelNames: label === undefined ? [] : [label],
        registers,
        collect() {
          this.reset();
          for (const [labels, value] of seriesOf(label, read())) this.set(labels, value);
        },
      });
    },
  };
}

function seriesOf(label: string | undefined, value: AppMetricValue): [Record<string, string>, number][] {
  if (typeof value === 'number') return [[{}, value]];
  if (label === undefined) return [];
  return Object.entries(value).map(([name, count]) => [{ [label]: name }, count]);
}
