import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { banner } from './banner.ts';
import { demoPorts } from './ports.ts';
import { findTakenPort } from './taken-port.ts';

const none = {
  mqtt: 0,
  http: 0,
  amqp: 0,
  coaps: 0,
  network: 0,
  mqttHealth: 0,
  httpHealth: 0,
  amqpHealth: 0,
  coapHealth: 0,
};

test('a taken port is named, with what needs it and a way out', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await findTakenPort({ ...none, network: port })).toBe(
    `port ${port}, for the messaging network, is taken: end what uses it, or move all ports with --port-offset 10000`,
  );
  server.close();
  await once(server, 'close');
  expect(await findTakenPort(none)).toBeUndefined();
});

test('so is a taken UDP port', async () => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  expect(await findTakenPort({ ...none, coaps: port })).toContain(`port ${port}, for CoAP devices, is taken`);
  socket.close();
});

test('an offset moves every port, in the printed commands too', () => {
  const ports = demoPorts(10_000);
  expect(ports).toEqual({
    mqtt: 11_883,
    http: 18_080,
    amqp: 15_672,
    coaps: 15_684,
    network: 25_672,
    mqttHealth: 19_101,
    httpHealth: 19_102,
    amqpHealth: 19_103,
    coapHealth: 19_104,
  });
  const text = banner(ports, '/data', 10_000);
  for (const port of Object.values(ports)) expect(text).toContain(String(port));
  expect(text).toContain('demo --port-offset 10000\n');
  expect(banner(demoPorts(0), '/data', 0)).toContain('npm run rollcall -- demo\n');
});
