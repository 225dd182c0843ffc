import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foreignProcess } from './foreign-process.ts';
import { freePort } from '../../e2e/support/ports.ts';
import type { InteropNetwork, NetworkTraits } from './interop-network.ts';

const credentials = { username: 'rollcall', password: 'network-secret' } as const;
/** Of the installed package; the scripts beside the system's service insist on its user and its directories. */
const scripts = '/usr/lib/rabbitmq/bin';

export const rabbitmqTraits: NetworkTraits = {
  everyTenant: { sender: { eventAddress: '/exchange/event/{tenant:pct}' }, application: 'my service' },
  relays: false,
  keeps: true,
  // It ends the session of a consumer that modifies.
  givesBack: ['release'],
  // The rejection crashes the session's process, and the connection reads nothing any more.
  full: [{ tenant: 'full', events: 10, tells: /timeout|no session is begun|disconnected/ }],
  bad: { tenant: 'bad', tells: /amqp:precondition-failed/ },
};

/** RabbitMQ 3 with its AMQP 1.0 plug-in, in directories of its own, beside the system's service or without it. */
export function rabbitmq({ managementPort }: { readonly managementPort?: number } = {}): InteropNetwork {
  const [port, epmdPort, distributionPort] = [freePort(), freePort(), freePort()];
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-rabbitmq-'));
  const path = (name: string): string => join(directory, name);
  for (const name of ['mnesia', 'log']) mkdirSync(path(name));
  const plugins = ['rabbitmq_amqp1_0', ...(managementPort === undefined ? [] : ['rabbitmq_management'])];
  writeFileSync(path('enabled_plugins'), `[${plugins.join(',')}].\n`);
  writeFileSync(path('definitions.json'), JSON.stringify(definitions));
  writeFileSync(
    path('rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      'log.file = false',
      'log.console = true',
      'log.console.level = error',
      `load_definitions = ${path('definitions.json')}`,
      ...(managementPort === undefined
        ? []
        : ['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${managementPort}`]),
    ].join('\n'),
  );
  const erlang = { ERL_EPMD_PORT: String(epmdPort), ERL_EPMD_ADDRESS: '127.0.0.1', HOME: directory };
  // Else Erlang starts one that stays.
  const epmd = foreignProcess({ command: 'epmd', args: [], environment: erlang, port: epmdPort });
  const broker = foreignProcess({
    command: join(scripts, 'rabbitmq-server'),
    args: [],
    port,
    environment: {
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
    },
  });
  return {
    port,
    choice: { name: 'rabbitmq-3' },
    credentials,
    async start() {
      await epmd.start();
      await broker.start();
    },
    async end(signal) {
      await broker.end(signal);
      await epmd.end('SIGKILL');
    },
    async cleanUp() {
      await broker.end('SIGKILL');
      await epmd.end('SIGKILL');
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
    source: (endpoint, tenant) => ({
      address: `/queue/${endpoint}%2F${tenant}`,
      durable: 2,
      user: credentials.username,
      password: credentials.password,
    }),
  };
}

const { username, password } = credentials;
const definitions = {
  users: [{ name: username, password, tags: 'management' }],
  vhosts: [{ name: '/' }],
  permissions: [{ user: username, vhost: '/', configure: '.*', write: '.*', read: '.*' }],
  policies: [
    {
      vhost: '/',
      name: 'full',
      pattern: '^event/full$',
      'apply-to': 'queues',
      definition: { 'max-length': 5, overflow: 'reject-publish' },
    },
  ],
  // Less durable than the sender asks for: RabbitMQ ends the session over it.
  queues: [
    { name: 'event/bad', vhost: '/', durable: false, auto_delete: false, arguments: {} },
    { name: 'my service', vhost: '/', durable: true, auto_delete: false, arguments: {} },
  ],
  exchanges: [
    {
      name: 'event',
      vhost: '/',
      type: 'topic',
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: {},
    },
  ],
  bindings: [
    {
      source: 'event',
      vhost: '/',
      destination: 'my service',
      destination_type: 'queue',
      routing_key: '#',
      arguments: {},
    },
  ],
};
