import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noteLongestTurn, watchTurnsOf } from './longest-turns.mjs';
import { ask, eventLoopLag, freePort, start, startReady, stop, untilUp } from './start.mjs';

export const tenant = 'bench';
export const password = 'bench-secret';
/** A busy machine with a hundred thousand devices takes its time. */
const arrivalWithinMs = 120_000;

/** @param {number} index */
export function deviceId(index) {
  return `device-${index}`;
}

/**
 * A running stack: the embedded network, one adapter, a consumer of everything; each a process.
 * @param {'mqtt' | 'http' | 'amqp' | 'coap'} protocol @param {number} devices
 * @param {Record<string, string>} [environment] what the adapter has beside, or instead
 * @param {{ isWatched?: boolean }} [options] whether its longest turn is watched, which leaves some garbage
 */
export async function startStack(protocol, devices, environment = {}, { isWatched = true } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
  const registry = join(directory, 'registry.json');
  writeFileSync(registry, JSON.stringify(registryOf(devices, protocol)));
  const [networkPort, port, healthPort] = [await freePort(), await freePort(), await freePort()];

  const network = start('apps/rollcall/dist/main.js', [
    'network',
    '--port',
    String(networkPort),
    '--data',
    join(directory, 'network'),
  ]);
  await new Promise((resolve) => network.once('message', resolve));
  const { child: consumer } = await startReady('bench/processes/consumer.mjs', [String(networkPort), tenant]);
  const section = protocol.toUpperCase();
  const settings = {
    ROLLCALL_REGISTRY_FILE: registry,
    ROLLCALL_MESSAGING_HOST: '127.0.0.1',
    ROLLCALL_MESSAGING_PORT: String(networkPort),
    ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'events',
    ROLLCALL_JOURNAL_DIRECTORY: join(directory, 'journal'),
    ROLLCALL_LOG_LEVEL: 'warn',
    ROLLCALL_HEALTH_PORT: String(healthPort),
    ...(protocol === 'coap'
      ? // A device of the bench waits for its answer, however busy the machine is.
        { ROLLCALL_COAP_PORT: String(port), ROLLCALL_COAP_TIMEOUTTOACK: '-1' }
      : {
          [`ROLLCALL_${section}_INSECUREPORTENABLED`]: 'true',
          [`ROLLCALL_${section}_INSECUREPORT`]: String(port),
        }),
    [`ROLLCALL_${section}_MAXCONNECTIONS`]: '100000',
    ...environment,
  };
  const adapter = start(`apps/${protocol}-adapter/dist/main.js`, [], settings, [eventLoopLag]);
  await untilUp(`http://127.0.0.1:${healthPort}/readiness`);
  if (isWatched) await watchTurnsOf(adapter);

  /**
   * Resolves when the events of so many devices arrived at the consumer.
   * @param {'connected' | 'disconnected'} what @param {number} count
   */
  async function arrived(what, count) {
    for (let waitedMs = 0; waitedMs < arrivalWithinMs; waitedMs += 10) {
      const seen = /** @type {Record<string, number>} */ (await ask(consumer, { type: 'count' }));
      if ((seen[what] ?? 0) >= count) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`not every ${what} arrived`);
  }

  return {
    port,
    networkPort,
    consumer,
    adapter,
    arrived,
    pids: { adapter: pidOf(adapter), network: pidOf(network), consumer: pidOf(consumer) },
    async stop() {
      if (isWatched) await noteLongestTurn(`${protocol} adapter`, adapter);
      await stop(adapter);
      await stop(consumer);
      await stop(network);
      // The processes of an adapter end after their parent, and may still write.
      rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** @param {import('node:child_process').ChildProcess} child */
export function pidOf({ pid }) {
  if (pid === undefined) throw new Error('process did not start');
  return pid;
}

/**
 * Devices with pre-shared keys for CoAP, else with salted SHA-256 passwords: what a login costs must not hide what a connection costs.
 * @param {number} devices @param {'mqtt' | 'http' | 'amqp' | 'coap'} protocol
 */
export function registryOf(devices, protocol) {
  const salt = Buffer.from('salt');
  const hashed = {
    'hash-function': 'sha-256',
    'pwd-hash': createHash('sha256').update(salt).update(password).digest('base64'),
    salt: salt.toString('base64'),
  };
  const proof =
    protocol === 'coap'
      ? { type: 'psk', secrets: [{ key: Buffer.from(password).toString('base64') }] }
      : { type: 'hashed-password', secrets: [hashed] };
  return {
    tenants: [
      {
        'tenant-id': tenant,
        devices: Array.from({ length: devices }, (_, index) => ({
          'device-id': deviceId(index),
          credentials: [{ ...proof, 'auth-id': deviceId(index) }],
        })),
      },
    ],
  };
}
