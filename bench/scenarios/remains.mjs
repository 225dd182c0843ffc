import { connectAmqpDevice, cutAmqp } from '../load/amqp-device.mjs';
import { openSecureDevice } from '../load/coap-device.mjs';
import { openHttpConnection } from '../load/http-client.mjs';
import { inParallel } from '../load/in-parallel.mjs';
import { connectDevice, cut } from '../load/mqtt-device.mjs';
import { residentBytes } from '../measure/process-usage.mjs';
import { startStack } from '../processes/stack.mjs';
import { ask } from '../processes/start.mjs';

/** Devices that come at the same time. */
const outstanding = 100;
/** Before the storm, so that everything is compiled and allocated that is there once. */
const warmUpDevices = 50;
const settleMs = 5_000;
/** What a storm leaves behind is looked at that much after the last device left. */
const afterMs = 60_000;
const lookEveryMs = 50;
const leaseMs = '20000';

/**
 * Devices of a protocol, as many as are a storm of it.
 * @typedef {object} Kind
 * @property {number} devices
 * @property {Record<string, string>} [environment] of the adapter
 * @property {(port: number, devices: number) => Promise<() => Promise<void>>} come lets them all leave, when called
 */

/** @type {Record<'mqtt' | 'coap' | 'http' | 'amqp', Kind>} */
const kinds = {
  mqtt: {
    devices: 10_000,
    async come(port, devices) {
      const connected = await inParallel(devices, outstanding, (index) => connectDevice(port, index));
      return () => cut(connected);
    },
  },
  coap: {
    devices: 3_000,
    async come(port, devices) {
      const associated = await inParallel(devices, outstanding, async (index) => {
        const device = await openSecureDevice({ port }, index);
        device.check(await device.exchange(device.prepare('telemetry', 200, 1)));
        return device;
      });
      return async () => void (await inParallel(devices, outstanding, (index) => associated[index]?.leave()));
    },
  },
  http: {
    devices: 10_000,
    environment: { ROLLCALL_LEASE_INTERVAL: leaseMs, ROLLCALL_LEASE_MININTERVAL: leaseMs },
    async come(port, devices) {
      await inParallel(devices, outstanding, async (index) => {
        const connection = await openHttpConnection(port);
        await connection.post(index);
        connection.close();
      });
      // Their leases run out.
      return async () => {};
    },
  },
  amqp: {
    devices: 2_000,
    async come(port, devices) {
      const connected = await inParallel(devices, outstanding, (index) => connectAmqpDevice(port, index));
      return () => cutAmqp(connected);
    },
  },
};

/**
 * The resident memory of each adapter before a storm of devices, at its peak, and a minute after all of them left. Nobody asks for a
 * collection of garbage, and nobody watches the event loop: this is what an operator sees.
 * @param {{ devices: number | undefined }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function remainsScenario({ devices }) {
  const findings = [];
  for (const protocol of /** @type {(keyof typeof kinds)[]} */ (Object.keys(kinds)))
    findings.push(await ofProtocol(protocol, devices ?? kinds[protocol].devices));
  return findings;
}

/** @param {keyof typeof kinds} protocol @param {number} devices @returns {Promise<import('../report.mjs').Finding>} */
async function ofProtocol(protocol, devices) {
  const { come, environment } = kinds[protocol];
  const stack = await startStack(protocol, devices, environment, { isWatched: false });
  const resident = () => residentBytes(stack.pids.adapter);
  let peak = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let looking;
  const look = () => {
    peak = Math.max(peak, resident());
  };

  /** @param {number} count */
  async function storm(count) {
    const leave = await come(stack.port, count);
    await stack.arrived('connected', count);
    look();
    await leave();
    await stack.arrived('disconnected', count);
  }

  try {
    const warmUp = Math.min(warmUpDevices, devices);
    await storm(warmUp);
    await ask(stack.consumer, { type: 'reset' });
    await passing(settleMs);
    const before = resident();
    looking = setInterval(look, lookEveryMs);
    await storm(devices);
    await passing(afterMs);
    const after = resident();
    return {
      what: `what a storm of ${devices} devices leaves behind, ${protocol.toUpperCase()}`,
      figures: {
        'memory before, MB': before / 1e6,
        'at the peak, MB': peak / 1e6,
        'a minute after the last left, MB': after / 1e6,
        'left, kB per device': (after - before) / devices / 1_000,
      },
      ratio: { name: 'given back of what was added', value: (peak - after) / (peak - before), atLeast: 0.9 },
    };
  } finally {
    clearInterval(looking);
    await stack.stop();
  }
}

/** @param {number} ms */
function passing(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
