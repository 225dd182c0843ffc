// Devices of MQTT from one source address: mqtt-load.mjs <port> <source address>. Asked with { type, indices, each }.
import { inParallel } from '../load/in-parallel.mjs';
import { connectDevice, cut, publish } from '../load/mqtt-device.mjs';

const [port, localAddress = '127.0.0.1'] = process.argv.slice(2);
/** Longer than any scenario: nobody pings. */
const keepaliveS = 7_200;
/** Devices of this process whose CONNACK is waited for at a time. */
const outstanding = 50;
const mostTries = 10;
/** @type {Map<number, import('../load/mqtt-device.mjs').Device>} */
const connected = new Map();

/** @type {Record<string, (asked: { indices: readonly number[], each: number }) => Promise<void>>} */
const work = {
  async connect({ indices }) {
    await inParallel(indices.length, outstanding, (place) => connect(indices[place] ?? 0));
  },
  async publish({ indices, each }) {
    await Promise.all(devicesOf(indices).map((device) => publishPatiently(device, each)));
  },
  async cut({ indices }) {
    await cut(devicesOf(indices));
    for (const index of indices) connected.delete(index);
  },
};

/** @param {number} index */
const connect = (index) =>
  patiently(async () => {
    const device = await connectDevice(Number(port), index, { localAddress, keepaliveS });
    connected.set(index, device);
    return device;
  });

/**
 * Where the network was too slow for a message the adapter closes the connection, as Hono does: the device comes again then.
 * @param {import('../load/mqtt-device.mjs').Device} device @param {number} each
 */
const publishPatiently = (device, each) =>
  patiently(async (tries) => publish(tries === 1 ? device : await connect(device.index), 1, each));

/**
 * On a machine that has no time for it a device may be refused, or lose its connection.
 * @template Result @param {(tries: number) => Promise<Result>} attempt @returns {Promise<Result>}
 */
async function patiently(attempt) {
  for (let tries = 1; ; tries++)
    try {
      return await attempt(tries);
    } catch (error) {
      if (tries === mostTries) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100 * tries));
    }
}

/** @param {readonly number[]} indices */
function devicesOf(indices) {
  return indices.flatMap((index) => connected.get(index) ?? []);
}

process.on('message', (/** @type {{ type: string, indices: number[], each: number }} */ asked) => {
  void work[asked.type]?.(asked).then(() => process.send?.('done'));
});
process.send?.('ready');
