import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

// V8 looks every eight seconds, by a timer of its own.

/** Makes many objects, drops them, and prints which part of the memory that it took for them it has given back after a while. */
const program = `
import(process.argv[1]).then(({ giveBackMemory }) => {
  const faster = 3;
  const clock = {
    monotonic: () => performance.now() * faster,
    at(deadline, wake) {
      const timer = setTimeout(wake, Math.max(0, deadline / faster - performance.now()));
      return () => clearTimeout(timer);
    },
  };
  giveBackMemory(clock);
  const resident = () => process.memoryUsage.rss();
  const before = resident();
  let kept = [];
  const turn = () => {
    for (let each = 0; each < 3_000; each++) kept.push({ each, more: [each, new Map([[each, each]])] });
    if (kept.length < 240_000) return setImmediate(turn);
    kept = [];
    const peak = resident();
    let looks = 0;
    const looking = setInterval(() => {
      const part = (peak - resident()) / (peak - before);
      if (part < 0.6 && ++looks < 250) return;
      clearInterval(looking);
      console.log(part);
      process.exit();
    }, 100);
  };
  turn();
});`;

// An earlier V8 has no such flag, or means something else by it.
test.skipIf(process.versions.node < '24')(
  'a process gives back most of the memory that a storm took',
  // On a busy machine, V8 may begin later than this waits for.
  { retry: 3 },
  async () => {
    const runtime = new URL('../../packages/runtime/dist/index.js', import.meta.url).href;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--trace-memory-reducer',
      '-e',
      program,
      runtime,
    ]);
    // V8 says so of a program that must stay small. Of others it collects some too, if they made few objects of late.
    expect(stdout).toMatch(/\bbackground\b.*\n.*\bstarted GC\b/);
    expect(Number(stdout.split('\n').at(-2))).toBeGreaterThan(0.6);
  },
);
