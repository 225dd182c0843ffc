import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { foreignProcess } from './foreign-process.ts';
import type { MavenDelivery } from './from-maven.ts';
import { freePort } from '../../e2e/support/ports.ts';
import type { InteropNetwork, NetworkTraits } from './interop-network.ts';

const pom = fileURLToPath(new URL('activemq-classic.pom.xml', import.meta.url));
const source = fileURLToPath(new URL('ClassicBroker.java', import.meta.url));

/** Its libraries; Java compiles the few lines that start it. */
export const activemqClassicDelivery: MavenDelivery = {
  name: 'Apache ActiveMQ Classic',
  release: 'apache-activemq-5.18.6',
  commands: ['javac'],
  goal: (into) => ['-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${into}`],
};

export const activemqClassicTraits: NetworkTraits = {
  everyTenant: { sender: { eventAddress: 'topic://VirtualTopic.event.{tenant}' } },
  relays: true,
  keeps: true,
  givesBack: ['release', 'modify'],
  // What it has no room for waits in the broker, without an outcome.
  full: [{ tenant: 'full', events: 100, tells: /timeout/ }],
};

/** Apache ActiveMQ Classic, from a directory of its libraries. */
export function activemqClassic(libraries: string): InteropNetwork {
  const port = freePort();
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-activemq-'));
  const broker = foreignProcess({
    command: 'java',
    args: [
      '-Xmx256m',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      join(libraries, '*'),
      source,
      String(port),
      directory,
    ],
    port,
  });
  return {
    port,
    choice: { name: 'activemq-classic' },
    start: () => broker.start(),
    end: (signal) => broker.end(signal),
    async cleanUp() {
      await broker.end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
    source: (endpoint, tenant) => ({ address: `queue://${endpoint}.${tenant}` }),
  };
}
