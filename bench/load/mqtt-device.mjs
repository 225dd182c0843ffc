import { once } from 'node:events';
import { connect } from 'node:net';
import { generate } from 'mqtt-packet';
import { deviceId, password, tenant } from '../processes/stack.mjs';

const pingRequest = Buffer.from([0xc0, 0]);
/** First bytes of packets: their type and flags (MQTT 3.1.1 §2.2). */
const first = { connack: 0x20, puback: 0x40, pingresp: 0xd0 };

/**
 * Connects device `index` over MQTT 3.1.1, on a bare socket: a library would cost more than what is measured.
 * @param {number} port @param {number} index
 * @param {{ localAddress?: string, keepaliveS?: number, username?: string }} [options] an address has ports for 28,000 devices
 */
export async function connectDevice(port, index, { localAddress, keepaliveS = 600, username } = {}) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...(localAddress && { localAddress }) });
  await once(socket, 'connect');
  // What follows each of them, a close, is waited for.
  socket.on('error', () => {});
  const begunAt = Number(process.hrtime.bigint()) / 1e6;
  socket.write(
    generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId: deviceId(index),
      keepalive: keepaliveS,
      username: username ?? `${deviceId(index)}@${tenant}`,
      password: Buffer.from(password),
    }),
  );
  const answer = await answerOn(socket);
  if (answer[0] !== first.connack || answer[3] !== 0) throw new Error(`device ${index} was refused`);
  return { socket, index, begunAt, acceptedAfterMs: Number(process.hrtime.bigint()) / 1e6 - begunAt };
}

/** @typedef {Awaited<ReturnType<typeof connectDevice>>} Device */

/**
 * What comes next. Rejects where the other side closes instead: whoever waits for a closed connection waits for ever.
 * @param {import('node:net').Socket} socket @returns {Promise<Buffer>}
 */
function answerOn(socket) {
  return new Promise((resolve, reject) => {
    const onData = (/** @type {Buffer} */ bytes) => {
      socket.off('close', onClose);
      resolve(bytes);
    };
    const onClose = () => {
      socket.off('data', onData);
      reject(new Error('the connection was closed'));
    };
    if (socket.destroyed) return onClose();
    socket.once('data', onData);
    socket.once('close', onClose);
  });
}

/**
 * Publishes `count` messages, each once the one before was acknowledged (QoS 1), or the last ones at least were read (QoS 0).
 * @param {Device} device @param {0 | 1} qos @param {number} count
 */
export async function publish({ socket }, qos, count) {
  const packet = /** @type {const} */ ({ cmd: 'publish', topic: 'telemetry', dup: false, retain: false });
  const payload = Buffer.alloc(200, 'x');
  const bytes = generate({ ...packet, qos, payload, ...(qos === 1 && { messageId: 1 }) });
  const perPing = 20;
  const rounds = qos === 1 ? count : Math.ceil(count / perPing);
  const request =
    qos === 1 ? bytes : Buffer.concat([...Array.from({ length: perPing }, () => bytes), pingRequest]);
  const expected = qos === 1 ? first.puback : first.pingresp;
  for (let round = 0; round < rounds; round++) {
    socket.write(request);
    const answer = await answerOn(socket);
    if (answer[0] !== expected) throw new Error('publish was not acknowledged');
  }
}

/**
 * Cuts connections without leaving ports in TIME_WAIT, of which there are not enough for all repetitions.
 * @param {readonly Device[]} devices
 */
export async function cut(devices) {
  for (const { socket } of devices) socket.resetAndDestroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
}
