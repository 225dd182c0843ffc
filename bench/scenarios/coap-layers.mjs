import { openPlainDevice, openSecureDevice } from '../load/coap-device.mjs';
import { measureRequests } from '../load/coap-requests.mjs';
import { inParallel } from '../load/in-parallel.mjs';
import { stayAwake } from '../load/stay-awake.mjs';
import { measureCpu } from '../measure/process-usage.mjs';
import { median } from '../measure/statistics.mjs';
import { pidOf } from '../processes/stack.mjs';
import { ask, startReady, stop } from '../processes/start.mjs';

const payloadBytes = 100;
/** Handshakes that are under way at a time. */
const outstanding = 50;
/** A handshake costs as much as several requests, and one with certificates as much as several of these. */
const requestsPerHandshake = { psk: 8, certificate: 32 };

/**
 * Confirmable POSTs of 100 bytes: our exchange layer over dgram, the `coap` package, and our exchange layer over our DTLS, beside bare
 * dgram with our codec; and handshakes. Operations for each second of CPU time of the server.
 * @param {{ devices: number, messages: number, repeats: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function coapLayersScenario({ devices, messages, repeats }) {
  const servers = {
    bare: await startReady('bench/processes/bare-dgram.mjs', []),
    endpoint: await startReady('bench/processes/coap-endpoint.mjs', []),
    other: await startReady('bench/processes/coap-package.mjs', []),
    secure: await startReady('bench/processes/secure-coap.mjs', []),
    handshakes: await startReady('bench/processes/secure-coap.mjs', []),
    crypto: await startReady('bench/processes/handshake-crypto.mjs', []),
  };
  const factsOf = (/** @type {keyof typeof servers} */ name) =>
    /** @type {import('../load/coap-device.mjs').SecureServer} */ (servers[name].message);
  const measure = (/** @type {keyof typeof servers} */ name, /** @type {() => Promise<void>} */ work) =>
    stayAwake(() => measureCpu({ server: pidOf(servers[name].child) }, work));
  const plain = (/** @type {'bare' | 'endpoint' | 'other'} */ name) =>
    inParallel(devices, devices, (index) => openPlainDevice(factsOf(name).port, index));
  try {
    const connected = {
      bare: await plain('bare'),
      endpoint: await plain('endpoint'),
      other: await plain('other'),
      secure: await inParallel(devices, devices, (index) =>
        openSecureDevice({ port: factsOf('secure').port }, index),
      ),
    };

    /** @param {keyof typeof connected} name @returns requests per CPU second */
    async function requests(name) {
      const each = Math.ceil(messages / devices);
      const { cpuMs } = await measureRequests(
        connected[name],
        { path: 'telemetry', payloadBytes, each },
        (work) => measure(name, work),
      );
      return ((each * devices) / cpuMs.server) * 1_000;
    }

    let nextDevice = 0;
    /** @param {'psk' | 'certificate'} proof @returns handshakes per CPU second */
    async function handshakes(proof) {
      const count = Math.ceil(messages / requestsPerHandshake[proof]);
      const { port, ...credentials } = factsOf('handshakes');
      const server = proof === 'psk' ? { port } : { port, ...credentials };
      const { cpuMs } = await measure('handshakes', async () => {
        await inParallel(count, outstanding, async () => {
          const device = await openSecureDevice(server, nextDevice++);
          device.close();
        });
      });
      return (count / cpuMs.server) * 1_000;
    }

    /** @returns how many handshakes with certificates `node:crypto` alone would do per CPU second */
    async function cryptoAlone() {
      const count = Math.ceil(messages / requestsPerHandshake.certificate);
      const { cpuMs } = await measure('crypto', () => ask(servers.crypto.child, { handshakes: count }));
      return (count / cpuMs.server) * 1_000;
    }

    const round = async () => ({
      bare: await requests('bare'),
      endpoint: await requests('endpoint'),
      other: await requests('other'),
      secure: await requests('secure'),
      psk: await handshakes('psk'),
      certificate: await handshakes('certificate'),
      crypto: await cryptoAlone(),
    });
    await round();
    const rounds = [];
    for (let repeat = 0; repeat < repeats; repeat++) rounds.push(await round());

    /** @typedef {keyof (typeof rounds)[number]} Name */
    const perSecond = (/** @type {Name} */ name) => median(rounds.map((each) => each[name]));
    const ratio = (/** @type {Name} */ name, /** @type {Name} */ floor) =>
      median(rounds.map((each) => each[name] / each[floor]));
    const unit = '1/CPU s';
    const bare = { [`bare dgram, ${unit}`]: perSecond('bare') };
    return [
      {
        what: `CoAP POST, ${devices} devices`,
        figures: { [`endpoint, ${unit}`]: perSecond('endpoint'), ...bare },
        ratio: { name: 'endpoint to bare dgram, rate', value: ratio('endpoint', 'bare'), atLeast: 0.5 },
      },
      {
        what: 'the same, coap package',
        figures: {
          [`endpoint, ${unit}`]: perSecond('endpoint'),
          [`coap package, ${unit}`]: perSecond('other'),
        },
        ratio: { name: 'endpoint to coap package, rate', value: ratio('endpoint', 'other'), atLeast: 3 },
      },
      {
        what: 'the same, DTLS with PSK_CCM_8',
        figures: { [`DTLS and endpoint, ${unit}`]: perSecond('secure'), ...bare },
        ratio: { name: 'to bare dgram without DTLS, rate', value: ratio('secure', 'bare'), atLeast: 0.286 },
      },
      {
        what: 'DTLS handshakes, PSK_CCM_8',
        figures: { [`DTLS, ${unit}`]: perSecond('psk'), ...bare },
        ratio: { name: "to bare dgram's requests, rate", value: ratio('psk', 'bare'), atLeast: 0.05 },
      },
      {
        what: 'DTLS handshakes, ECDHE_ECDSA_CCM_8 with client certificates',
        figures: { [`DTLS, ${unit}`]: perSecond('certificate'), ...bare },
        ratio: { name: "to bare dgram's requests, rate", value: ratio('certificate', 'bare') },
      },
      {
        what: 'the same, beside node:crypto alone',
        figures: { [`node:crypto, ${unit}`]: perSecond('crypto') },
        ratio: { name: 'to node:crypto, CPU', value: ratio('crypto', 'certificate'), aim: 1.3 },
      },
    ];
  } finally {
    for (const { child } of Object.values(servers)) await stop(child);
  }
}
