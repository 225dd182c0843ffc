import { Counter, Gauge, type Registry } from 'prom-client';

export interface AppMetric {
  /** As Prometheus has it, e.g. `rollcall_dtls_handshakes_total`; a counter ends with `_total`. */
  readonly name: string;
  readonly help: string;
  /** What tells the values of one metric apart. Its values come from our code, and are few: never what a peer says. */
  readonly label?: string;
}

/** One number, or one for each value of the label. */
export type AppMetricValue = number | Readonly<Record<string, number>>;

/**
 * What an app counts beside what the kit counts. The app keeps the numbers; they are read when somebody asks for `/metrics`, so that
 * counting costs no more than an addition.
 */
export interface AppMetrics {
  /** What only grows, since the app started. @throws where the name is taken, or none. */
  counter(metric: AppMetric, read: () => AppMetricValue): void;
  /** What there is now. @throws where the name is taken, or none. */
  gauge(metric: AppMetric, read: () => AppMetricValue): void;
}

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
