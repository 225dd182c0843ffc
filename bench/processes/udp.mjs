import { createSocket } from 'node:dgram';

/** Room for what arrives while a process is busy; all of them have the same. */
const bufferBytes = 4_194_304;

/**
 * A UDP socket on a free port of the loopback, which the parent process is told, with whatever it must know besides.
 * @param {(datagram: Buffer, from: import('node:dgram').RemoteInfo) => void} receive @param {object} [facts]
 */
export function listen(receive, facts = {}) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: bufferBytes });
  socket.on('message', receive);
  socket.bind(0, '127.0.0.1', () => process.send?.({ port: socket.address().port, ...facts }));
  return socket;
}
