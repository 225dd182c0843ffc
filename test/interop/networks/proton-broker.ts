import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foreignProcess } from './foreign-process.ts';
import { freePort } from '../../e2e/support/ports.ts';
import type { InteropNetwork, NetworkTraits } from './interop-network.ts';

const examples = '/usr/share/proton/examples/c';

export const protonBrokerTraits: NetworkTraits = {
  relays: false,
  keeps: false,
  // It settles everything it delivers itself.
  givesBack: [],
  full: [],
};

/** The broker among Qpid Proton's examples: everything in memory, any address, a credit of five. */
export function protonBroker(): InteropNetwork {
  const port = freePort();
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-proton-'));
  const command = join(directory, 'broker');
  const source = join(examples, 'broker.c');
  const broker = foreignProcess({ command, args: ['127.0.0.1', String(port)], port });
  return {
    port,
    choice: { name: 'hono' },
    start() {
      execFileSync('gcc', ['-w', '-O1', '-o', command, source, '-lqpid-proton', '-lpthread']);
      return broker.start();
    },
    end: (signal) => broker.end(signal),
    async cleanUp() {
      await broker.end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
    source: (endpoint, tenant) => ({ address: `${endpoint}/${tenant}` }),
  };
}
