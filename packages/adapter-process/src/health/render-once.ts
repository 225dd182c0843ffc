/** Metrics as Prometheus reads them. */
export interface RenderedMetrics {
  readonly contentType: string;
  readonly text: string;
}

/** Requests that come while metrics are rendered get the same answer: many cost no more than one. */
export function renderOnce(render: () => Promise<RenderedMetrics>): () => Promise<RenderedMetrics> {
  let rendering: Promise<RenderedMetrics> | undefined;
  return () => (rendering ??= render().finally(() => (rendering = undefined)));
}
