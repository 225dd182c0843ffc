import { readFileSync } from 'node:fs';

// Test only, for `node --import`: the wall clock of the process is as far ahead of the machine's as TEST_CLOCK_OFFSET_MS says, or the
// file TEST_CLOCK_OFFSET_FILE, once it is there. It is looked at ten times a second.
let offsetMs = Number(process.env.TEST_CLOCK_OFFSET_MS ?? 0);
const file = process.env.TEST_CLOCK_OFFSET_FILE;
const now = Date.now;
Date.now = () => now() + offsetMs;
if (file !== undefined)
  setInterval(() => {
    try {
      offsetMs = Number(readFileSync(file, 'utf8'));
    } catch {
      // It is not there yet.
    }
  }, 100).unref();
