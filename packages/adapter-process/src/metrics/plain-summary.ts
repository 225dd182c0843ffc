import type { Metric, Registry } from 'prom-client';

interface SummaryNames {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

export interface PlainSummary {
  /** @param labels values, in the order of the label names. */
  observe(labels: readonly string[], value: number): void;
}

/**
 * A summary of count and sum, without quantiles, as Hono's metrics are. It is observed with every message: prom-client's own
 * keeps a digest for quantiles that are not needed, and costs as much as sending the message does.
 */
export function createPlainSummary(
  registry: Registry,
  { name, help, labelNames }: SummaryNames,
): PlainSummary {
  const series = new Map<string, { readonly labels: Record<string, string>; count: number; sum: number }>();
  const metric = {
    name,
    help,
    type: 'summary',
    aggregator: 'sum',
    get: async () => ({
      name,
      help,
      type: 'summary',
      aggregator: 'sum',
      values: [...series.values()].flatMap(({ labels, count, sum }) => [
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ]),
    }),
    reset: () => series.clear(),
  };
  // prom-client types its own metrics only; a registry asks no more of one than this.
  registry.registerMetric(metric as unknown as Metric);
  return {
    observe(labels, value) {
      const key = labels.join('\n');
      let found = series.get(key);
      if (!found) {
        found = {
          labels: Object.fromEntries(labelNames.map((label, index) => [label, labels[index] ?? ''])),
          count: 0,
          sum: 0,
        };
        series.set(key, found);
      }
      found.count += 1;
      found.sum += value;
    },
  };
}
