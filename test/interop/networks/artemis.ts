import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foreignProcess } from './foreign-process.ts';
import type { MavenDelivery } from './from-maven.ts';
import { freePort } from '../../e2e/support/ports.ts';
import type { InteropNetwork, NetworkTraits } from './interop-network.ts';

const version = '2.40.0';
const name = `apache-artemis-${version}`;
const sha256 = '3add67e7b0af89f81eac1e6c577427b049b4e7502fb278c591838465d5ca93b5';

/** Its distribution; Java 17 runs it. */
export const artemisDelivery: MavenDelivery = {
  name: 'Apache ActiveMQ Artemis',
  release: name,
  commands: ['java'],
  goal: (into) => [
    'dependency:copy',
    `-Dartifact=org.apache.activemq:apache-artemis:${version}:tar.gz:bin`,
    `-DoutputDirectory=${into}`,
  ],
  prepare(directory) {
    const archive = join(directory, `${name}-bin.tar.gz`);
    const found = createHash('sha256').update(readFileSync(archive)).digest('hex');
    if (found !== sha256) throw new Error(`${archive} is not the release: SHA-256 ${found}`);
    execFileSync('tar', ['-xzf', archive, '--strip-components=1', '-C', directory]);
    rmSync(archive);
  },
};

export const artemisTraits: NetworkTraits = {
  everyTenant: { sender: { eventCapabilities: ['topic'] } },
  relays: true,
  keeps: true,
  givesBack: ['release', 'modify'],
  full: [
    { tenant: 'full', events: 100, tells: /amqp:resource-limit-exceeded/ },
    // What it granted before is still used up.
    { tenant: 'starved', events: 1_200, tells: /no-credit/ },
  ],
  bad: { tenant: 'bad', tells: /amqp:not-found/ },
};

/** Apache ActiveMQ Artemis from an unpacked distribution, with what it has by default but for the tenants of the tests. */
export function artemis(home: string): InteropNetwork {
  const port = freePort();
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-artemis-'));
  const etc = join(directory, 'etc');
  const data = join(directory, 'data');
  mkdirSync(etc);
  mkdirSync(data);
  const brokerFile = join(etc, 'broker.xml');
  writeFileSync(brokerFile, brokerXml(port, data));
  writeFileSync(
    join(etc, 'bootstrap.xml'),
    `<broker xmlns="http://activemq.apache.org/schema">
       <jaas-security domain="activemq"/><server configuration="file:${brokerFile}"/></broker>`,
  );
  writeFileSync(
    join(etc, 'management.xml'),
    '<management-context xmlns="http://activemq.apache.org/schema"/>',
  );
  const broker = foreignProcess({
    command: 'java',
    args: [
      '-Xmx256m',
      // It is to be there soon, not to be fast.
      '-XX:TieredStopAtLevel=1',
      `-Dartemis.home=${home}`,
      `-Dartemis.instance=${directory}`,
      `-Ddata.dir=${data}`,
      '-cp',
      join(home, 'lib', 'artemis-boot.jar'),
      'org.apache.activemq.artemis.boot.Artemis',
      'run',
    ],
    port,
  });
  return {
    port,
    choice: { name: 'artemis' },
    start: () => broker.start(),
    end: (signal) => broker.end(signal),
    async cleanUp() {
      await broker.end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
    source: (endpoint, tenant) => ({ address: `${endpoint}/${tenant}`, capabilities: ['queue'] }),
  };
}

function brokerXml(port: number, data: string): string {
  const bounded = (tenant: string, policy: 'FAIL' | 'BLOCK'): string =>
    `<address-setting match="event/${tenant}">
       <max-size-bytes>20000</max-size-bytes><address-full-policy>${policy}</address-full-policy>
     </address-setting>`;
  return `<configuration xmlns="urn:activemq"><core xmlns="urn:activemq:core">
    <name>interop</name>
    <journal-type>NIO</journal-type>
    <journal-min-files>2</journal-min-files>
    <journal-file-size>1M</journal-file-size>
    <paging-directory>${join(data, 'paging')}</paging-directory>
    <bindings-directory>${join(data, 'bindings')}</bindings-directory>
    <journal-directory>${join(data, 'journal')}</journal-directory>
    <large-messages-directory>${join(data, 'large')}</large-messages-directory>
    <wildcard-addresses><delimiter>/</delimiter></wildcard-addresses>
    <security-enabled>false</security-enabled>
    <acceptors><acceptor name="amqp">tcp://127.0.0.1:${port}?protocols=AMQP</acceptor></acceptors>
    <address-settings>
      ${bounded('full', 'FAIL')}
      ${bounded('starved', 'BLOCK')}
      <address-setting match="event/bad"><auto-create-addresses>false</auto-create-addresses></address-setting>
    </address-settings>
  </core></configuration>`;
}
