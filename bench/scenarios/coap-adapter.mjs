import { openSecureDevice } from '../load/coap-device.mjs';
import { measureRequests } from '../load/coap-requests.mjs';
import { inParallel } from '../load/in-parallel.mjs';
import { measureCpu } from '../measure/process-usage.mjs';
import { median } from '../measure/statistics.mjs';
import { pidOf, startStack, tenant } from '../processes/stack.mjs';
import { ask, startFloor, stop } from '../processes/start.mjs';

const payloadBytes = 200;

/**
 * Telemetry of QoS 1, and events, of 200 bytes over DTLS, to a consumer; beside it our DTLS and exchange layer alone answering the
 * same requests, plus bare rhea sending one encoded message again and again.
 * @param {{ devices: number, messages: number, repeats: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function coapAdapterScenario({ devices, messages, repeats }) {
  const stack = await startStack('coap', devices);
  const layers = await startFloor('bench/processes/secure-coap.mjs', []);
  const rhea = await startFloor('bench/processes/bare-rhea.mjs', [
    String(stack.networkPort),
    `telemetry/${tenant}`,
  ]);
  const pids = { ...stack.pids, layers: pidOf(layers.child), rhea: pidOf(rhea.child) };
  const { port } = /** @type {import('../load/coap-device.mjs').SecureServer} */ (layers.message);
  try {
    const open = (/** @type {number} */ serverPort) =>
      inParallel(devices, devices, (index) => openSecureDevice({ port: serverPort }, index));
    const toAdapter = await open(stack.port);
    const toLayers = await open(port);
    const each = Math.ceil(messages / devices);
    const total = each * devices;

    const requests = (/** @type {typeof toAdapter} */ connected, /** @type {string} */ path) =>
      measureRequests(connected, { path, payloadBytes, each }, (work) => measureCpu(pids, work));

    const round = async () => ({
      telemetry: await requests(toAdapter, 'telemetry'),
      event: await requests(toAdapter, 'event'),
      layers: await requests(toLayers, 'telemetry'),
      rhea: await measureCpu(pids, () =>
        ask(rhea.child, { messages: total, window: devices }).then(() => {}),
      ),
    });
    await round();
    const rounds = [];
    for (let repeat = 0; repeat < repeats; repeat++) rounds.push(await round());

    const micros = (/** @type {number[]} */ values) => (median(values) / total) * 1_000;
    return /** @type {const} */ (['telemetry', 'event']).map((kind) => ({
      what: `CoAP POST of ${kind} over DTLS, QoS 1, ${devices} devices`,
      figures: {
        'rate, 1/s': (total / median(rounds.map((run) => run[kind].elapsedMs))) * 1_000,
        'adapter, µs CPU': micros(rounds.map((run) => run[kind].cpuMs.adapter)),
        'network, µs CPU': micros(rounds.map((run) => run[kind].cpuMs.network)),
        'consumer, µs CPU': micros(rounds.map((run) => run[kind].cpuMs.consumer)),
        'DTLS and endpoint, µs CPU': micros(rounds.map((run) => run.layers.cpuMs.layers)),
        'bare rhea, µs CPU': micros(rounds.map((run) => run.rhea.cpuMs.rhea)),
      },
      ratio: {
        name: 'adapter to DTLS, endpoint and bare rhea, CPU',
        value: median(
          rounds.map((run) => run[kind].cpuMs.adapter / (run.layers.cpuMs.layers + run.rhea.cpuMs.rhea)),
        ),
      },
    }));
  } finally {
    await stop(layers.child);
    await stop(rhea.child);
    await stack.stop();
  }
}
