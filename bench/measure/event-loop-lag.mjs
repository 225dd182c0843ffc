// Preloaded into whoever serves: tells, when asked, how much later than it should its event loop came round since the last time, and
// what the longest turn took.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { watchTurns } from './longest-turn.mjs';

const resolutionMs = 5;
const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
/** @type {ReturnType<typeof watchTurns> | undefined} */
let turns;

process.on('message', (/** @type {{ type: string }} */ { type }) => {
  // Begun by the first question: until then it costs nothing.
  if (type === 'turns') {
    turns ??= watchTurns();
    process.send?.(turns.take());
  }
  if (type === 'lag') {
    process.send?.(lateness());
    histogram.enable();
    histogram.reset();
  }
});
process.channel?.unref();

function lateness() {
  const lateMs = (/** @type {number} */ nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolutionMs);
  return {
    p50: lateMs(histogram.percentile(50)),
    p99: lateMs(histogram.percentile(99)),
    max: lateMs(histogram.max),
  };
}
