// Preloaded into the adapter: tells, when asked, how much later than it should its event loop came round since the last time.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 5;
const histogram = monitorEventLoopDelay({ resolution: resolutionMs });

process.on('message', (/** @type {{ type: string }} */ { type }) => {
  if (type !== 'lag') return;
  const lateMs = (/** @type {number} */ nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolutionMs);
  process.send?.({
    p50: lateMs(histogram.percentile(50)),
    p99: lateMs(histogram.percentile(99)),
    max: lateMs(histogram.max),
  });
  // Enabled by the first question: until then it costs nothing.
  histogram.enable();
  histogram.reset();
});
process.channel?.unref();
