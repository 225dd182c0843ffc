import { once } from 'node:events';
import rhea from 'rhea';
import { deviceId, password, tenant } from '../processes/stack.mjs';

/** What a device sends: 200 bytes of telemetry. */
const message = { to: 'telemetry', content_type: 'application/octet-stream', body: Buffer.alloc(200, 'x') };
const encoded = rhea.message.encode({ ...message, body: rhea.message.data_section(message.body) });

/**
 * Connects device `index` over AMQP 1.0, with a link for everything.
 * @param {number} port @param {number} index
 */
export async function connectAmqpDevice(port, index) {
  const container = rhea.create_container({ id: deviceId(index) });
  const connection = container.connect({
    host: '127.0.0.1',
    port,
    reconnect: false,
    tcp_no_delay: true,
    username: `${deviceId(index)}@${tenant}`,
    password,
  });
  const sender = connection.open_sender({ target: {} });
  const lost = new Promise((_resolve, reject) => {
    container.on('disconnected', () => reject(new Error(`device ${index} lost its connection`)));
  });
  // Whoever has nothing under way does not mind.
  lost.catch(() => {});
  await Promise.race([once(sender, 'sendable'), lost]);
  return { connection, sender, lost };
}

/** @typedef {Awaited<ReturnType<typeof connectAmqpDevice>>} AmqpDevice */

/**
 * Sends `count` messages, each once the one before was accepted, and again where the consumer was too slow for it.
 * @param {AmqpDevice} device @param {number} count
 * @returns {Promise<unknown>} rejects where the connection is lost
 */
export function upload({ sender, lost }, count) {
  const accepted = new Promise((resolve) => {
    let left = count;
    let tag = 0;
    // A tag of its own lets rhea send bytes that are encoded already.
    const send = () => void sender.send(encoded, Buffer.from(String(tag++)), 0);
    const onAccepted = () => {
      left -= 1;
      if (left > 0) return send();
      sender.removeListener('accepted', onAccepted);
      sender.removeListener('released', send);
      return resolve(undefined);
    };
    sender.on('accepted', onAccepted);
    sender.on('released', send);
    send();
  });
  return Promise.race([accepted, lost]);
}

/** Cuts connections without leaving ports in TIME_WAIT. @param {readonly AmqpDevice[]} devices */
export async function cutAmqp(devices) {
  for (const { connection } of devices)
    /** @type {{ socket: import('node:net').Socket }} */ (
      /** @type {unknown} */ (connection)
    ).socket.resetAndDestroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
}
