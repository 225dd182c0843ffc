// Measures the hot paths against floors in the same run: npm run bench -- [scenario] [options]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { growthChart } from './chart.mjs';
import { takeLongestTurns } from './processes/longest-turns.mjs';
import { machine, table } from './report.mjs';
import { amqpScenario } from './scenarios/amqp.mjs';
import { coapAdapterScenario } from './scenarios/coap-adapter.mjs';
import { coapLayersScenario } from './scenarios/coap-layers.mjs';
import { coapMemoryScenario } from './scenarios/coap-memory.mjs';
import { connectScenario } from './scenarios/connect.mjs';
import { fleetScenario } from './scenarios/fleet.mjs';
import { growth, growthScenario } from './scenarios/growth.mjs';
import { hostileScenario } from './scenarios/hostile.mjs';
import { httpScenario } from './scenarios/http.mjs';
import { journalScenario } from './scenarios/journal.mjs';
import { memoryScenario } from './scenarios/memory.mjs';
import { othersScenario } from './scenarios/others.mjs';
import { presenceServiceScenario } from './scenarios/presence-service.mjs';
import { presenceStoreScenario } from './scenarios/presence-store.mjs';
import { publishScenario } from './scenarios/publish.mjs';
import { registryScenario } from './scenarios/registry.mjs';
import { registryServiceScenario } from './scenarios/registry-service.mjs';
import { registryStoreScenario } from './scenarios/registry-store.mjs';
import { remainsScenario } from './scenarios/remains.mjs';
import { senderScenario } from './scenarios/sender.mjs';
import { stormScenario } from './scenarios/storm.mjs';

const usage = `Usage: npm run bench -- [scenario] [options]

  Scenarios: connect, journal, storm, publish, http, amqp, hostile, sender, memory, remains; coap, coap-memory; registry, registry-service,
             registry-store; presence-store, presence-service; fleet; growth, others

  Without a scenario: all of them, connect and memory with 1,000 and 10,000 devices.

  --devices N    devices (connect, journal and memory: 1000; storm: 10000; publish, http, amqp and coap: 50; hostile: 10;
                 coap-memory: 20000; registry: 100000; registry-store: 10000 and 100000; presence-store: 10000, 100000 and 1000000;
                 presence-service: 10000; fleet: 2000; growth: 1000, 10000, 50000 and 100000; others: 1000;
                 remains: MQTT and HTTP 10000, CoAP 3000, AMQP 2000)
  --messages N   messages in all (20000); fleet: claims that are open (100000)
  --qos 0|1      of publish (1)
  --repeats N    measurements, each beside its floor; the median counts (5)
  --json FILE    the findings for programs
  --chart FILE   what growth found, drawn (SVG)
`;

/** No turn of an event loop that serves may take longer. Where a registry is loaded again, the scenario `registry` has its own aim. */
const longestTurnMs = 20;
const growthTitle = { title: 'CPU time of an operation, times that with the fewest devices', aim: growth };

/** @typedef {{ devices: number | undefined, messages: number, qos: 0 | 1, repeats: number }} Options */
/** @type {Record<string, (options: Options) => Promise<import('./report.mjs').Finding[]>>} */
const scenarios = {
  connect: ({ devices = 1_000, repeats }) => connectScenario({ devices, repeats }),
  journal: ({ devices = 1_000, repeats }) => journalScenario({ devices, repeats }),
  storm: ({ devices = 10_000 }) => stormScenario({ devices }),
  publish: ({ devices = 50, ...options }) => publishScenario({ devices, ...options }),
  http: ({ devices = 50, ...options }) => httpScenario({ devices, ...options }),
  amqp: ({ devices = 50, messages, repeats }) => amqpScenario({ devices, messages, repeats }),
  hostile: ({ devices = 10 }) => hostileScenario({ devices }),
  sender: ({ messages, repeats }) => senderScenario({ messages, repeats }),
  coap: async ({ devices = 50, ...options }) => [
    ...(await coapLayersScenario({ devices, ...options })),
    ...(await coapAdapterScenario({ devices, ...options })),
  ],
  'coap-memory': ({ devices = 20_000 }) => coapMemoryScenario({ associations: devices }),
  fleet: ({ devices = 2_000, messages, repeats }) =>
    fleetScenario({ devices, claims: messages === 20_000 ? 100_000 : messages, repeats }),
  registry: ({ devices = 100_000 }) => registryScenario({ devices }),
  'registry-service': ({ devices = 1_000, repeats }) => registryServiceScenario({ devices, repeats }),
  'registry-store': ({ devices, messages }) =>
    registryStoreScenario({
      sizes: devices === undefined ? [10_000, 100_000] : [10_000, devices],
      operations: messages,
    }),
  'presence-store': ({ devices, messages }) =>
    presenceStoreScenario({
      sizes: devices === undefined ? [10_000, 100_000, 1_000_000] : [devices],
      events: messages,
    }),
  'presence-service': ({ devices = 10_000 }) => presenceServiceScenario({ devices }),
  growth: ({ devices, repeats }) =>
    growthScenario({
      sizes: devices === undefined ? [1_000, 10_000, 50_000, 100_000] : [1_000, devices],
      repeats,
    }),
  others: ({ devices = 1_000, messages, repeats }) => othersScenario({ devices, messages, repeats }),
  memory: ({ devices = 1_000 }) => memoryScenario({ devices }),
  remains: ({ devices }) => remainsScenario({ devices }),
};

const { values, positionals } = readArguments();
/** @type {Options} */
const options = {
  devices: wholeNumber(values.devices),
  messages: wholeNumber(values.messages) ?? 20_000,
  qos: values.qos === '0' ? 0 : 1,
  repeats: wholeNumber(values.repeats) ?? 5,
};
const [name] = positionals;
if (process.platform !== 'linux')
  fail('the bench reads CPU time and memory from /proc: it runs on Linux only');
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

/** @type {import('./report.mjs').Finding[]} */
const findings = [];
for (const { scenario, chosen } of name === undefined
  ? everything()
  : [{ scenario: name, chosen: options }]) {
  console.error(`measuring: ${scenario}${chosen.devices === undefined ? '' : `, ${chosen.devices} devices`}`);
  findings.push(...((await scenarios[scenario]?.(chosen)) ?? []), ...turnsIn(scenario));
}
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ machine: machine(), findings }, undefined, 2)}\n`);
console.log(`${JSON.stringify(machine())}\n\n${table(findings)}`);
if (values.chart !== undefined) writeFileSync(values.chart, growthChart(findings, growthTitle));
process.exit();

/** The longest turn of each that served. @param {string} scenario @returns {import('./report.mjs').Finding[]} */
function turnsIn(scenario) {
  return takeLongestTurns().map(([who, cpuMs]) => ({
    what: `${scenario}: event loop of the ${who}`,
    figures: {},
    ratio: { name: 'longest turn, ms CPU', value: cpuMs, aim: longestTurnMs },
  }));
}

/** @returns {{ scenario: string, chosen: Options }[]} */
function everything() {
  return [
    { scenario: 'connect', chosen: { ...options, devices: 1_000 } },
    { scenario: 'connect', chosen: { ...options, devices: 10_000, repeats: Math.min(3, options.repeats) } },
    { scenario: 'journal', chosen: { ...options, devices: 1_000 } },
    { scenario: 'storm', chosen: { ...options, devices: 10_000 } },
    { scenario: 'publish', chosen: { ...options, qos: 0 } },
    { scenario: 'publish', chosen: { ...options, qos: 1 } },
    { scenario: 'http', chosen: options },
    { scenario: 'amqp', chosen: options },
    { scenario: 'hostile', chosen: options },
    { scenario: 'sender', chosen: { ...options, messages: Math.max(100_000, options.messages) } },
    { scenario: 'coap', chosen: { ...options, messages: Math.max(60_000, options.messages) } },
    { scenario: 'coap-memory', chosen: options },
    { scenario: 'registry', chosen: options },
    { scenario: 'registry-service', chosen: options },
    { scenario: 'registry-store', chosen: { ...options, devices: undefined } },
    { scenario: 'presence-store', chosen: { ...options, devices: undefined } },
    { scenario: 'presence-service', chosen: options },
    { scenario: 'fleet', chosen: { ...options, devices: undefined } },
    { scenario: 'growth', chosen: { ...options, devices: undefined } },
    { scenario: 'others', chosen: { ...options, devices: undefined } },
    { scenario: 'memory', chosen: { ...options, devices: 1_000 } },
    { scenario: 'memory', chosen: { ...options, devices: 10_000 } },
    { scenario: 'remains', chosen: { ...options, devices: undefined } },
  ];
}

function readArguments() {
  try {
    const parsed = parseArgs({
      options: {
        devices: { type: 'string' },
        messages: { type: 'string' },
        qos: { type: 'string' },
        repeats: { type: 'string' },
        json: { type: 'string' },
        chart: { type: 'string' },
        help: { type: 'boolean' },
      },
      allowPositionals: true,
    });
    if (parsed.values.help === true) {
      console.log(usage);
      process.exit();
    }
    const [scenario, ...rest] = parsed.positionals;
    if (rest.length > 0 || (scenario !== undefined && !Object.hasOwn(scenarios, scenario))) fail(usage);
    return parsed;
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

/** @param {string | undefined} text */
function wholeNumber(text) {
  if (text === undefined) return undefined;
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : fail(`not a positive whole number: ${text}`);
}

/** @param {string} problem @returns {never} */
function fail(problem) {
  console.error(problem);
  return process.exit(2);
}
