import { once } from 'node:events';
import { connect } from 'node:net';
import { deviceId, password, tenant } from '../processes/stack.mjs';

/**
 * Posts telemetry of QoS 1 on one connection that is kept alive, each request once the one before was answered, and again
 * where the consumer was too slow for it.
 * @param {number} port @param {number} index of the device @param {number} count
 */
export async function post(port, index, count) {
  const connection = await openHttpConnection(port);
  for (let sent = 0; sent < count; sent++) await connection.post(index);
  connection.close();
}

/** A connection over which any device may post. @param {number} port */
export async function openHttpConnection(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let last = { index: -1, request: Buffer.alloc(0) };
  return {
    /** @param {number} index */
    async post(index) {
      if (index !== last.index) last = { index, request: requestOf(index) };
      for (let tries = 1; ; tries++) {
        socket.write(last.request);
        const [answer] = /** @type {[Buffer]} */ (await once(socket, 'data'));
        const status = answer.subarray(0, 13);
        if (status.equals(accepted)) return;
        if (tries === mostTries || !status.equals(tooBusy))
          throw new Error(answer.toString('latin1').split('\r\n', 1)[0]);
        // At once, all tries would be over before a consumer on a busy machine had its turn.
        await new Promise((resolve) => setTimeout(resolve, tries));
      }
    },
    /** Leaves no port in TIME_WAIT. */
    close: () => void socket.resetAndDestroy(),
  };
}

const accepted = Buffer.from('HTTP/1.1 202 ');
const tooBusy = Buffer.from('HTTP/1.1 503 ');
const mostTries = 100;
const body = Buffer.alloc(200, 'x');

/** @param {number} index of the device */
function requestOf(index) {
  const authorization = Buffer.from(`${deviceId(index)}@${tenant}:${password}`).toString('base64');
  const head = [
    'POST /telemetry HTTP/1.1',
    'host: 127.0.0.1',
    `authorization: Basic ${authorization}`,
    'content-type: application/octet-stream',
    'qos-level: 1',
    `content-length: ${body.length}`,
  ].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]);
}
