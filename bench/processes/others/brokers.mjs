import { hasDebianPackage } from '@rollcall/conformance/machine';
import { treeOf } from '../../measure/process-usage.mjs';
import { cut } from '../../load/mqtt-device.mjs';
import { cutAll } from '../cut-all.mjs';
import { deviceId, pidOf, startStack, tenant } from '../stack.mjs';
import { ask, startReady, stop } from '../start.mjs';
import { startMosquitto } from './mosquitto.mjs';
import { startRabbitmq } from './rabbitmq.mjs';

const deliveredWithinMs = 60_000;

/**
 * Somebody who serves MQTT.
 * @typedef {object} Broker
 * @property {string} name
 * @property {string} [lacks] what it does not do
 * @property {number} port
 * @property {readonly number[]} pids
 * @property {(messages: number) => Promise<void>} delivered resolves once so many more messages are at its consumer
 * @property {(what: 'connected', devices: number) => Promise<void>} told resolves once so many events are
 * @property {() => Promise<void>} reset
 * @property {(devices: import('../../load/mqtt-device.mjs').Device[]) => Promise<unknown>} cutAll resolves once it is told
 * @property {() => Promise<void>} stop
 */

/**
 * Ours first, and those that the machine has, with credentials for so many devices.
 * @param {number} devices @param {Broker[]} started where each stands as soon as it is, to be stopped
 */
export async function startBrokers(devices, started) {
  started.push(await ours(devices));
  started.push(await bareAedes());
  if (hasDebianPackage('mosquitto')) started.push(await mosquitto(devices));
  else console.error('left out: mosquitto is not installed');
  if (hasDebianPackage('rabbitmq-server')) started.push(await rabbitmq(devices));
  else console.error('left out: rabbitmq-server is not installed');
}

/** @param {number} devices @returns {Promise<Broker>} */
async function ours(devices) {
  const stack = await startStack('mqtt', devices);
  return {
    name: 'ours',
    port: stack.port,
    // The others hand messages to consumers themselves.
    pids: [...treeOf(stack.pids.adapter), ...treeOf(stack.pids.network)],
    // A message is acknowledged once the consumer has it.
    delivered: async () => {},
    told: (what, count) => stack.arrived(what, count),
    reset: async () => void (await ask(stack.consumer, { type: 'reset' })),
    cutAll: (connected) => cutAll(stack, connected),
    stop: () => stack.stop(),
  };
}

const untold = { told: async () => {}, reset: async () => {}, cutAll: cut };

/** @returns {Promise<Broker>} */
async function bareAedes() {
  const { child, message } = await startReady('bench/processes/bare-aedes.mjs', []);
  const port = Number(message);
  const consumer = await startReady('bench/processes/mqtt-consumer.mjs', [String(port)]);
  return {
    ...{ name: 'bare aedes', port, pids: [pidOf(child)], ...untold },
    lacks: 'checks no password, tells who is connected over MQTT alone, forgets all when it ends',
    delivered: deliveredTo(consumer.child),
    async stop() {
      await stop(consumer.child);
      await stop(child);
    },
  };
}

/** @param {number} devices @returns {Promise<Broker>} */
async function mosquitto(devices) {
  const broker = await startMosquitto(devices);
  const username = `${deviceId(0)}@${tenant}`;
  const consumer = await startReady('bench/processes/mqtt-consumer.mjs', [String(broker.port), username]);
  return {
    ...{ name: 'Mosquitto', port: broker.port, pids: treeOf(broker.pid), ...untold },
    lacks: 'tells nobody who is connected; downstream over MQTT alone',
    delivered: deliveredTo(consumer.child),
    async stop() {
      await stop(consumer.child);
      await broker.stop();
    },
  };
}

/** @param {number} devices @returns {Promise<Broker>} */
async function rabbitmq(devices) {
  const broker = await startRabbitmq(devices);
  const consumer = await startReady('bench/processes/amqp-consumer.mjs', [
    String(broker.amqpPort),
    '/topic/telemetry',
    `${deviceId(0)}@${tenant}`,
  ]);
  return {
    ...{ name: 'RabbitMQ', port: broker.port, pids: treeOf(broker.pid), ...untold },
    lacks: 'tells nobody who is connected, unless a plug-in for its own events is added',
    delivered: deliveredTo(consumer.child),
    async stop() {
      await stop(consumer.child);
      await broker.stop();
    },
  };
}

/** Resolves once a consumer has so many more than it was waited for before. @param {import('node:child_process').ChildProcess} consumer */
function deliveredTo(consumer) {
  let sent = 0;
  return async (/** @type {number} */ more) => {
    sent += more;
    for (let waitedMs = 0; waitedMs < deliveredWithinMs; waitedMs += 20) {
      const { messages } = /** @type {{ messages: number }} */ (await ask(consumer, {}));
      if (messages >= sent) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('not every message arrived');
  };
}
