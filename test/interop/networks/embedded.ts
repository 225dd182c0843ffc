import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { restartable } from '../../faults/support/restartable.ts';
import { freePort } from '../../e2e/support/ports.ts';
import type { InteropNetwork, NetworkTraits } from './interop-network.ts';

export const embeddedTraits: NetworkTraits = {
  everyTenant: { sender: {} },
  relays: true,
  keeps: true,
  givesBack: ['release', 'modify'],
  // Its queues drop the oldest when they are full, and count it: tested with the package, with a lower bound.
  full: [],
  bad: { tenant: 'a/b', tells: /link refused/ },
};

/** The embedded network, as a process. */
export function embeddedNetwork(): InteropNetwork {
  const port = freePort();
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-embedded-'));
  const network = restartable({
    app: 'rollcall',
    args: ['network', '--port', String(port), '--data', directory],
    isReady: ({ stdout, stderr }) =>
      [...stdout, ...stderr].some((line) => line.includes('accepts every password')),
  });
  return {
    port,
    choice: { name: 'hono' },
    start: () => network.start(),
    end: (signal) => network.end(signal),
    async cleanUp() {
      await network.end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
    source: (endpoint, tenant) => ({ address: `${endpoint}/${tenant}` }),
  };
}
