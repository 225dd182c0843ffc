/** Between two looks. What is shorter counts as one turn: it is not what is looked for. */
const lookEveryMs = 2;

/**
 * Watches how long the event loop of this thread is kept, by the clock, and in the thread's own CPU time: other processes, and other
 * threads, are no part of that.
 */
export function watchTurns() {
  let at = performance.now();
  let cpuMs = usedMs();
  let longest = { ms: 0, cpuMs: 0 };
  const look = () => {
    const now = { at: performance.now(), cpuMs: usedMs() };
    longest = {
      ms: Math.max(longest.ms, now.at - at - lookEveryMs),
      cpuMs: Math.max(longest.cpuMs, now.cpuMs - cpuMs),
    };
    ({ at, cpuMs } = now);
  };
  setInterval(look, lookEveryMs).unref();
  return {
    /** The longest since it was asked last. */
    take() {
      const taken = longest;
      longest = { ms: 0, cpuMs: 0 };
      return taken;
    },
  };
}

/** What the bench itself had the process do, in CPU time. */
let apartMs = 0;

/** Does what is no part of any turn, because only a bench asks for it. @param {() => void} work */
export function apartFromTurns(work) {
  const before = usedMs();
  work();
  apartMs += usedMs() - before;
}

function usedMs() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000 - apartMs;
}
