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
 * What an app counts beside what the kit counts. The app keeps the numbers; they are read when `/metrics` is asked for, so that
 * counting costs no more than an addition.
 */
export interface AppMetrics {
  /** What only grows, since the app started. @throws where the name is taken, or none. */
  counter(metric: AppMetric, read: () => AppMetricValue): void;
  /** What there is now. @throws where the name is taken, or none. */
  gauge(metric: AppMetric, read: () => AppMetricValue): void;
}
