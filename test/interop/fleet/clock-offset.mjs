// Test only, for `node --import`: the wall clock of the process is as far ahead of the machine's as TEST_CLOCK_OFFSET_MS says.
const offsetMs = Number(process.env.TEST_CLOCK_OFFSET_MS ?? 0);
const now = Date.now;
Date.now = () => now() + offsetMs;
