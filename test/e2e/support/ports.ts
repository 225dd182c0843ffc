import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the range from which the system takes ports for clients (32768 and up, on Linux), above those of `upOffset`.
const firstBlock = 22_000;
const blockSize = 50;
const blocks = 160;

// A process that listens on the first port of a block has the whole block, until it ends: other test processes, of
// other copies of the repository too, find that port taken and go on to the next block.
const block = await claimed(firstBlock, blocks, blockSize);
let used = 0;

/** A port that no other test has. A test file that takes more than there are gets those that it took first. */
export function freePort(): number {
  used = (used % (blockSize - 1)) + 1;
  return block + used;
}

// Not 2,000: then HTTP would be at 10080, which `fetch` refuses, as browsers do (https://fetch.spec.whatwg.org/#port-blocking).
const firstOffset = 2_001;
const offsetStep = 53;
// The registry's ports stay between the blocks and the range of clients.
const offsets = 38;

/** For `--port-offset`: no other test moves its ports by it, and none of them is a `freePort`. */
export async function upOffset(): Promise<number> {
  const guard = await claimed(firstBlock - offsets, offsets, 1);
  return firstOffset + (guard - (firstBlock - offsets)) * offsetStep;
}

/** The first of `count` ports, each `step` from the next, that nobody listens on; from now on this process does. */
async function claimed(first: number, count: number, step: number): Promise<number> {
  for (let tried = 0; tried < count; tried++) {
    const port = first + ((process.pid + tried) % count) * step;
    const guard = createServer().unref();
    try {
      await once(guard.listen(port, '127.0.0.1'), 'listening');
      return port;
    } catch {
      // Another process has it.
    }
  }
  throw new Error(`${count} other processes of tests run`);
}
