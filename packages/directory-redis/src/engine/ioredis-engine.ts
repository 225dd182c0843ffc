import type { Random } from '@rollcall/core/environment';
import { Cluster, Redis } from 'ioredis';
import { clientOptions, clusterOptions, type EngineCredentials } from './client-options.ts';
import type { Script } from '../scripts/script.ts';
import type { EngineAddress } from './engine-address.ts';
import type { Engine, EngineListener, OpenEngine } from './engine.ts';
import { ScriptBatches, type ScriptCall, type ScriptOutcome } from './script-batches.ts';
import { Subscription } from './subscription.ts';

/** How often each connection must show that the other side is there. */
const pingEveryMs = 500;

export interface IoredisOptions {
  readonly address: EngineAddress;
  /** Asked at every connect. */
  credentials(): EngineCredentials;
  /** Names the connections to the engine. */
  readonly name: string;
  readonly random: Random;
}

type Client = Redis | Cluster;

/** One connection for commands, to each primary of a cluster, and one that is subscribed. It reconnects for ever. */
export function ioredisEngine(options: IoredisOptions): OpenEngine {
  const { address, credentials, name, random } = options;
  const single = (role: 'commands' | 'channel'): Redis =>
    refreshed(
      new Redis({
        ...clientOptions(address, credentials(), `${name}-${role}`, random),
        // Commands of one turn of the event loop are written together, which saves a tenth of the cost of a connect in a fleet. Not with a
        // cluster, whose client would then queue commands while no node is known.
        enableAutoPipelining: role === 'commands',
      }),
      credentials,
    );
  return (listener, channel) => {
    const client: Client =
      address.kind === 'cluster'
        ? withRefusalsHandled(
            new Cluster([...address.hosts], clusterOptions(credentials(), `${name}-commands`, random)),
          )
        : single('commands');
    const dial = client instanceof Cluster ? () => ofSomeNode(client, options) : () => single('channel');
    const subscription = channel === undefined ? undefined : new Subscription(dial, channel, listener);
    tellOf(client, listener);
    const pings = setInterval(() => {
      for (const node of client instanceof Cluster ? client.nodes('master') : [client]) ping(node);
      subscription?.ping();
    }, pingEveryMs);
    return {
      ...commandsOf(client),
      listenTo: (other) => subscription?.listenTo(other),
      close() {
        clearInterval(pings);
        subscription?.close();
        client.disconnect();
      },
    };
  };
}

function tellOf(client: Client, listener: EngineListener): void {
  let lastError = new Error('no connection');
  const failed = (error: Error): void => {
    lastError = error;
    // While no sentinel answers there is no connection that could close.
    if (client.status !== 'ready') listener.commandsLost(error);
  };
  client.on('error', failed);
  client.on('node error', failed);
  client.on('ready', () => listener.commandsReady());
  client.on('close', () => listener.commandsLost(lastError));
  // The first attempt may fail like any later one: the client emits events for it, and tries again.
  client.connect().catch(failed);
}

function commandsOf(client: Client): Pick<Engine, 'run' | 'read' | 'publish' | 'info'> {
  return {
    run: client instanceof Cluster ? (...call) => runAlone(client, ...call) : inBatches(client),
    read: (command, key, ...args) => client.call(command, key, ...args),
    publish: (channel, message) => client.publish(channel, message),
    info: (section) => (client instanceof Cluster ? infoOfCluster(client, section) : infoOf(client, section)),
  };
}

async function infoOf(client: Redis, section: string): Promise<ReadonlyMap<string, string>> {
  const lines = (await client.info(section)).split(/\r?\n/);
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

/** Of a primary; if one of them may drop entries, of that one. */
async function infoOfCluster(cluster: Cluster, section: string): Promise<ReadonlyMap<string, string>> {
  const asked = await Promise.allSettled(cluster.nodes('master').map((node) => infoWhenReady(node, section)));
  const answers = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const worst = answers.find((fields) => fields.get('maxmemory_policy') !== 'noeviction') ?? answers[0];
  if (!worst) throw new Error('no node of the cluster answers');
  return worst;
}

/** The client connects to a node when that is asked first, and rejects what comes before the connection stands. */
async function infoWhenReady(node: Redis, section: string): Promise<ReadonlyMap<string, string>> {
  if (node.status === 'wait') await node.connect();
  return infoOf(node, section);
}

/** A single server answers in order, so waiting for earlier answers costs nothing. Not for a cluster, where one node may be away. */
function inBatches(client: Redis): Engine['run'] {
  const batches = new ScriptBatches((calls) => runTogether(client, calls));
  return (script, keys, args) => batches.run({ script, keys, args });
}

async function runTogether(client: Redis, calls: readonly ScriptCall[]): Promise<readonly ScriptOutcome[]> {
  const pipeline = client.pipeline();
  for (const { script, keys, args } of calls) pipeline.evalsha(script.sha, keys.length, ...keys, ...args);
  try {
    const answers = (await pipeline.exec()) ?? [];
    const outcomes = answers.map(([error, value]): ScriptOutcome => (error === null ? { value } : { error }));
    const forgotten = [...answers.keys()].filter((index) => isForgotten(answers[index]?.[0]));
    const again = forgotten.map(async (index) => {
      const call = calls[index];
      if (call) outcomes[index] = await runInFull(client, call);
    });
    await Promise.all(again);
    return outcomes;
  } catch (error) {
    return calls.map(() => ({ error }));
  }
}

async function runInFull(client: Redis, { script, keys, args }: ScriptCall): Promise<ScriptOutcome> {
  try {
    return { value: await client.eval(script.lua, keys.length, ...keys, ...args) };
  } catch (error) {
    return { error };
  }
}

async function runAlone(
  client: Client,
  { lua, sha }: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!isForgotten(error)) throw error;
    return client.eval(lua, keys.length, ...keys, ...args);
  }
}

/** Whether the engine has forgotten its scripts, e.g. because it was started again. */
function isForgotten(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

function ping(client: Redis): void {
  if (client.status === 'ready') client.ping().catch(() => undefined);
}

/**
 * While a slot moves, the client sends ASKING to the node that gets it, and lets no one handle a refusal: the command behind it is
 * refused then, too, and says why.
 */
function withRefusalsHandled(cluster: Cluster): Cluster {
  cluster.on('+node', (node: Redis) => {
    const asking = node.asking.bind(node);
    node.asking = () => {
      const answer = asking();
      answer.catch(() => undefined);
      return answer;
    };
  });
  return cluster;
}

/** The client reads its options at every connect: before that, the current credentials are put into them. */
function refreshed(client: Redis, credentials: () => EngineCredentials): Redis {
  client.on('reconnecting', () => {
    const { username, password, tls } = credentials();
    if (username !== undefined) client.options.username = username;
    if (password !== undefined) client.options.password = password;
    if (tls && client.options.tls)
      Object.assign(client.options.tls, { ca: tls.ca, cert: tls.cert, key: tls.key });
  });
  return client;
}

/** A message that is published anywhere in a cluster arrives at each of its nodes, so one is enough. */
function ofSomeNode(cluster: Cluster, { address, credentials, name, random }: IoredisOptions): Redis {
  const known = cluster
    .nodes('all')
    .filter(({ status }) => status === 'ready')
    .map(({ options: { host = 'localhost', port = 6379 } }) => ({ host, port }));
  const places = known.length > 0 ? known : address.hosts;
  const place = places[Math.floor(random.next() * places.length)];
  return new Redis(
    clientOptions(
      { ...address, kind: 'single', hosts: place ? [place] : [] },
      credentials(),
      `${name}-channel`,
      random,
    ),
  );
}
