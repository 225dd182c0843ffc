// Devices of MQTT from one source address: mqtt-load.mjs <port> <source address>. Asked with { type, indices, each }.
import { inParallel } from '../load/in-parallel.mjs';
import { connectDevice, cut, publish } from '../load/mqtt-device.mjs';

const [port, localAddress = '127.0.0.1'] = process.argv.slice(2);
/** Longer than any scenario: nobody pings. */
const keepaliveS = 7_200;
/** Devices of this process whose CONNACK is waited for at a time. */
const outstanding = 50;
/** @type {Map<number, import('../load/mqtt-device.mjs').Device>} */
const connected = new Map();

/** @type {Record<string, (asked: { indices: readonly number[], each: number }) => Promise<void>>} */
const work = {
  async connect({ indices }) {
    await inParallel(indices.length, outstanding, async (place) => {
      const index = indices[place] ?? 0;
      connected.set(index, await connectDevice(Number(port), index, { localAddress, keepaliveS }));
    });
  },
  async publish({ indices, each }) {
    await Promise.all(devicesOf(indices).map((device) => publish(device, 1, each)));
  },
  async cut({ indices }) {
    await cut(devicesOf(indices));
    for (const index of indices) connected.delete(index);
  },
};

/** @param {readonly number[]} indices */
function devicesOf(indices) {
  return indices.flatMap((index) => connected.get(index) ?? []);
}

process.on('message', (/** @type {{ type: string, indices: number[], each: number }} */ asked) => {
  void work[asked.type]?.(asked).then(() => process.send?.('done'));
});
process.send?.('ready');
