/**
 * Measures requests of all devices at a time: they are prepared before, and their answers checked after what is measured.
 * @template Usage
 * @param {readonly import('./coap-device.mjs').CoapDevice[]} devices
 * @param {{ path: string, payloadBytes: number, each: number }} requests
 * @param {(work: () => Promise<void>) => Promise<Usage>} measure
 * @returns {Promise<Usage>}
 */
export async function measureRequests(devices, { path, payloadBytes, each }, measure) {
  const prepared = devices.map((device) => ({
    device,
    datagrams: device.prepare(path, payloadBytes, each),
  }));
  /** @type {Buffer[][]} */
  let answers = [];
  const usage = await measure(async () => {
    answers = await Promise.all(prepared.map(({ device, datagrams }) => device.exchange(datagrams)));
  });
  for (const [index, device] of devices.entries()) device.check(answers[index] ?? []);
  return usage;
}
