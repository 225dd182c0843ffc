import { createSocket } from 'node:dgram';
import { createCoapClient, type CoapClientRequest } from '@rollcall/coap/testing';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { sendText } from './send-text.ts';

/** A device on loopback without DTLS. */
export interface PlainDevice {
  send(path: string, request?: CoapClientRequest): Promise<string>;
  close(): void;
}

export function createPlainDevice(port: number): PlainDevice {
  const socket = createSocket('udp4');
  const coap = createCoapClient({
    clock: systemClock,
    random: systemRandom,
    send: (datagram) => socket.send(datagram, port, '127.0.0.1'),
  });
  socket.on('message', (datagram) => coap.receive(datagram));
  return {
    send: (path, request) => sendText(coap, path, request),
    close() {
      coap.close();
      socket.close();
    },
  };
}
