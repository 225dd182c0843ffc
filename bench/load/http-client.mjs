import { once } from 'node:events';
import { connect } from 'node:net';
import { deviceId, password, tenant } from '../processes/stack.mjs';

/**
 * Posts telemetry of QoS 1 on one connection that is kept alive, each request once the one before was answered, and again
 * where the consumer was too slow for it.
 * @param {number} port @param {number} index of the device @param {number} count
 */
export async function post(port, index, count) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const body = Buffer.alloc(200, 'x');
  const authorization = Buffer.from(`${deviceId(index)}@${tenant}:${password}`).toString('base64');
  const head = [
    'POST /telemetry HTTP/1.1',
    'host: 127.0.0.1',
    `authorization: Basic ${authorization}`,
    'content-type: application/octet-stream',
    'qos-level: 1',
    `content-length: ${body.length}`,
  ].join('\r\n');
  const request = Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]);
  for (let sent = 0; sent < count; sent++) {
    socket.write(request);
    const [answer] = /** @type {[Buffer]} */ (await once(socket, 'data'));
    if (answer.subarray(0, 13).equals(tooBusy)) sent -= 1;
    else if (!answer.subarray(0, 13).equals(accepted))
      throw new Error(answer.toString('latin1').split('\r\n', 1)[0]);
  }
  socket.resetAndDestroy();
}

const accepted = Buffer.from('HTTP/1.1 202 ');
const tooBusy = Buffer.from('HTTP/1.1 503 ');
