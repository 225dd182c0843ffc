import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { listening } from './listening.ts';
import { startScriptedPeer } from './scripted-peer.ts';

test('a peer begins at a port that a client has, once the client gives it up', async () => {
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  await once(client, 'connect');
  const port = client.localPort ?? 0;
  const refused = once(createServer().listen(port, '127.0.0.1'), 'listening');
  await expect(refused).rejects.toThrow('EADDRINUSE');
  const beginning = startScriptedPeer({ port });
  // It finds the port taken.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  client.resetAndDestroy();
  const peer = await beginning;
  onTestFinished(() => peer.close());
  expect(peer.port).toBe(port);
});

test('an address that this machine does not have is an error', async () => {
  await expect(listening(createServer().listen(0, '192.0.2.1'), 0)).rejects.toThrow('EADDRNOTAVAIL');
});
