import type { Metric, Registry } from 'prom-client';

interface SummaryNames {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  count: number;
  sum: number;
}

/** Series by the value of the first label, then by that of the next: to make one text of all values would cost more than the rest. */
type Branch = Map<string, Branch | Series>;

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
  const all: Series[] = [];
  const root: Branch = new Map();

  function seriesOf(values: readonly string[], depth = 0, branch = root): Series {
    const value = values[depth] ?? '';
    let next = branch.get(value);
    if (next === undefined) {
      next = depth + 1 < labelNames.length ? new Map<string, Branch | Series>() : begun(values);
      branch.set(value, next);
    }
    return next instanceof Map ? seriesOf(values, depth + 1, next) : next;
  }

  function begun(values: readonly string[]): Series {
    const labels = Object.fromEntries(labelNames.map((label, index) => [label, values[index] ?? '']));
    const series = { labels, count: 0, sum: 0 };
    all.push(series);
    return series;
  }

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
      values: all.flatMap(({ labels, count, sum }) => [
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ]),
    }),
    reset() {
      all.length = 0;
      root.clear();
    },
  };
  // prom-client types its own metrics only; a registry asks no more of one than this.
  registry.registerMetric(metric as unknown as Metric);
  return {
    observe(labels, value) {
      const series = seriesOf(labels);
      series.count += 1;
      series.sum += value;
    },
  };
}
