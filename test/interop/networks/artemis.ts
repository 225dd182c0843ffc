import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foreignProcess } from './foreign-process.ts';
import { freePort, type InteropNetwork, type NetworkTraits } from './interop-network.ts';

export const artemisTraits: NetworkTraits = {
  relays: true,
  keeps: true,
  givesBack: ['release', 'modify'],
  full: [
    { tenant: 'full', events: 100, tells: /amqp:resource-limit-exceeded/ },
    // What it granted before is used up all the same.
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
    <security-enabled>false</security-enabled>
    <acceptors><acceptor name="amqp">tcp://127.0.0.1:${port}?protocols=AMQP</acceptor></acceptors>
    <address-settings>
      ${bounded('full', 'FAIL')}
      ${bounded('starved', 'BLOCK')}
      <address-setting match="event/bad"><auto-create-addresses>false</auto-create-addresses></address-setting>
    </address-settings>
  </core></configuration>`;
}
