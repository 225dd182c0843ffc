import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { coapCode } from '../wire/coap-code.ts';
import { createCoapEndpoint } from './coap-endpoint.ts';
import { createCoapClient } from '../testing/index.ts';

/** The one test on real sockets and the real clock. */
test('over UDP: a body in blocks goes there and back, and both ends answer pings', async () => {
  const socket = createSocket('udp4');
  const endpoint = createCoapEndpoint<RemoteInfo>({
    clock: systemClock,
    random: systemRandom,
    send: (datagram, { port, address }) => socket.send(datagram, port, address),
    keyOf: ({ port, address }) => `${address}|${port}`,
    handle: async ({ payload }) => ({ code: coapCode.content, payload }),
  });
  let device: RemoteInfo | undefined;
  socket.on('message', (datagram, from) => {
    device = from;
    endpoint.receive(datagram, from);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');

  const own = createSocket('udp4');
  own.connect(socket.address().port, '127.0.0.1');
  await once(own, 'connect');
  const client = createCoapClient({
    clock: systemClock,
    random: systemRandom,
    send: (datagram) => own.send(datagram),
  });
  own.on('message', (datagram) => client.receive(datagram));

  const payload = Buffer.from(systemRandom.bytes(2_000));
  const answer = await client.request({ path: ['telemetry'], payload });
  expect(answer.code).toBe(coapCode.content);
  expect(payload.equals(answer.payload)).toBe(true);
  expect(await client.ping()).toBe(true);
  expect(device && (await endpoint.ping(device))).toBe(true);

  client.close();
  endpoint.close();
  own.close();
  socket.close();
});
