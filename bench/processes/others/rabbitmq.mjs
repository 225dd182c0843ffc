import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceId, password, tenant } from '../stack.mjs';
import { freePort } from '../start.mjs';
import { startForeign } from '../foreign-process.mjs';

/** Of the installed package; the scripts beside the system's service insist on its user and its directories. */
const server = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** RabbitMQ with its plug-ins for MQTT and AMQP 1.0, and an internal user for each device. @param {number} devices */
export async function startRabbitmq(devices) {
  const [port, amqpPort, epmdPort, distributionPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
  const path = (/** @type {string} */ name) => join(directory, name);
  for (const name of ['mnesia', 'log']) mkdirSync(path(name));
  writeFileSync(path('enabled_plugins'), '[rabbitmq_mqtt,rabbitmq_amqp1_0].\n');
  writeFileSync(path('definitions.json'), JSON.stringify(definitionsOf(devices)));
  writeFileSync(
    path('rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${amqpPort}`,
      `mqtt.listeners.tcp.1 = 127.0.0.1:${port}`,
      'mqtt.allow_anonymous = false',
      'mqtt.tcp_listen_options.nodelay = true',
      'log.console.level = error',
      `load_definitions = ${path('definitions.json')}`,
    ].join('\n'),
  );
  const erlang = { ERL_EPMD_PORT: String(epmdPort), ERL_EPMD_ADDRESS: '127.0.0.1', HOME: directory };
  // Else Erlang starts one that stays.
  const epmd = await startForeign('epmd', [], [epmdPort], erlang);
  // Its listeners open one after the other.
  const broker = await startForeign(server, [], [port, amqpPort], {
    ...erlang,
    RABBITMQ_HOME: '/usr/lib/rabbitmq',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_NODENAME: `rollcall-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_MNESIA_BASE: path('mnesia'),
    RABBITMQ_LOG_BASE: path('log'),
    RABBITMQ_ENABLED_PLUGINS_FILE: path('enabled_plugins'),
    RABBITMQ_CONFIG_FILE: path('rabbitmq.conf'),
  });
  return {
    port,
    amqpPort,
    pid: broker.pid,
    async stop() {
      await broker.stop();
      await epmd.stop();
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** @param {number} devices */
function definitionsOf(devices) {
  // Salted SHA-256, as our registry of the bench has it.
  const salt = Buffer.from('salt');
  const hash = createHash('sha256').update(salt).update(password).digest();
  const names = Array.from({ length: devices }, (_, index) => `${deviceId(index)}@${tenant}`);
  return {
    users: names.map((name) => ({
      name,
      password_hash: Buffer.concat([salt, hash]).toString('base64'),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: '',
    })),
    vhosts: [{ name: '/' }],
    permissions: names.map((user) => ({ user, vhost: '/', configure: '.*', write: '.*', read: '.*' })),
  };
}
