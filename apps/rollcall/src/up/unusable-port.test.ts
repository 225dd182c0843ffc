import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { adapterTable } from '../adapters/adapter-table.ts';
import { banner } from './banner.ts';
import { demoPorts, type DemoPorts } from '../adapters/ports.ts';
import { findUnusablePort } from './unusable-port.ts';

const table = adapterTable();

/** Ports that the system chooses: none of them is taken. */
const free: DemoPorts = {
  network: 0,
  presence: { api: 0, health: 0 },
  registry: { api: 0, services: 0, health: 0 },
  adapters: Object.fromEntries(table.map(({ name }) => [name, { devices: 0, health: 0 }])),
};

test('a taken TCP port is named, with what needs it and a way out', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await findUnusablePort(table, { ...free, network: port })).toBe(
    `port ${port}, for the messaging network, is taken: end what uses it, or move all ports with --port-offset 10000`,
  );
  const taken = { ...free, adapters: { ...free.adapters, 'http-adapter': { devices: 0, health: port } } };
  expect(await findUnusablePort(table, taken)).toContain(
    `port ${port}, for health and metrics of the HTTP adapter, is taken`,
  );
  server.close();
  await once(server, 'close');
  expect(await findUnusablePort(table, free)).toBeUndefined();
});

test('a taken UDP port is named, with what needs it', async () => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const taken = { ...free, adapters: { ...free.adapters, 'coap-adapter': { devices: port, health: 0 } } };
  expect(await findUnusablePort(table, taken)).toContain(`port ${port}, for CoAP devices, is taken`);
  socket.close();
});

test('a port that an offset moves too far is named, with the way out', async () => {
  const moved = { ...free, adapters: { ...free.adapters, 'mqtt-adapter': { devices: 65_536, health: 0 } } };
  expect(await findUnusablePort(table, moved)).toBe(
    'port 65536, for MQTT devices, is greater than 65535: give a smaller --port-offset',
  );
});

test.each([
  [2_000, 'port 10080, for HTTP devices,'],
  [979, 'port 10080, for health and metrics of the MQTT adapter,'],
  [1_990, 'port 10080, for the presence service,'],
  [890, 'port 10080, for health and metrics of the presence service,'],
])('an offset of %i moves a port to where no browser asks: that is told', async (offset, which) => {
  const moved = demoPorts(offset, table);
  const blocked = (port: number): number => (port === 10_080 ? port : 0);
  const onlyThat: DemoPorts = {
    network: blocked(moved.network),
    presence: { api: blocked(moved.presence.api), health: blocked(moved.presence.health) },
    registry: { ...free.registry, health: blocked(moved.registry.health) },
    adapters: Object.fromEntries(
      Object.entries(moved.adapters).map(([name, { devices, health }]) => [
        name,
        { devices: blocked(devices), health: blocked(health) },
      ]),
    ),
  };
  expect(await findUnusablePort(table, onlyThat)).toBe(
    `${which} is one that browsers and fetch refuse to use: give another --port-offset`,
  );
});

test('a port where no HTTP is spoken may be one that browsers refuse', async () => {
  const moved = { ...free, adapters: { ...free.adapters, 'mqtt-adapter': { devices: 10_080, health: 0 } } };
  expect((await findUnusablePort(table, moved)) ?? '').not.toContain('browsers');
});

test('the offset of the documents, 10000, leaves room for every port', () => {
  for (const { name, up } of table)
    for (const port of [up.port, up.healthPort]) expect(port + 10_000, name).toBeLessThan(65_536);
  for (const port of Object.values(demoPorts(10_000, table).registry)) expect(port).toBeLessThan(65_536);
});

test('--port-offset moves every port, also in the printed commands', () => {
  const ports = demoPorts(10_000, table);
  expect(ports).toMatchObject({
    network: 25_672,
    registry: { api: 38_080, services: 38_672, health: 19_191 },
    adapters: {
      'mqtt-adapter': { devices: 11_883, health: 19_101 },
      'http-adapter': { devices: 18_080, health: 19_102 },
      'amqp-adapter': { devices: 15_672, health: 19_103 },
      'coap-adapter': { devices: 15_684, health: 19_104 },
    },
  });
  const given = { table, dataDir: '/data', hasRegistry: true };
  const text = banner({ ...given, ports, offset: 10_000 });
  const all = Object.values(ports.adapters).flatMap(({ devices, health }) => [devices, health]);
  for (const port of [
    ports.network,
    ...Object.values(ports.registry).filter((each) => each !== ports.registry.services),
    ...all,
  ])
    expect(text).toContain(String(port));
  expect(text).toContain('demo --port-offset 10000\n');
  const standard = { ...given, ports: demoPorts(0, table), offset: 0 };
  expect(banner(standard)).toContain('npm run rollcall -- demo\n');
  expect(banner({ ...standard, hasRegistry: false })).not.toContain('registry');
});
