// Our exchange layer over dgram, answering every request with 2.04.
import { coapCode, createCoapEndpoint } from '@rollcall/coap';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { listen } from './udp.mjs';

const changed = { code: coapCode.changed };
/** @type {import('@rollcall/coap').CoapEndpoint<import('node:dgram').RemoteInfo>} */
const endpoint = createCoapEndpoint({
  clock: systemClock,
  random: systemRandom,
  ackAfterMs: 500,
  keyOf: ({ address, port }) => `${address}|${port}`,
  send: (datagram, { port, address }) => socket.send(datagram, port, address),
  handle: () => changed,
});
const socket = listen((datagram, from) => endpoint.receive(datagram, from));
