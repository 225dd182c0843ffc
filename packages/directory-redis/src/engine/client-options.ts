import type { Random } from '@rollcall/core/environment';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import type { EngineAddress } from './engine-address.ts';

/** How to log in to the engine, and how to verify it. */
export interface EngineCredentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: string | undefined;
  readonly tls?: EngineTls | undefined;
}

/** PEM texts. */
export interface EngineTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Whether the name in the certificate must be that of the host. */
  readonly verifyHost: boolean;
}

/** A socket does not show that the other side is gone, so something must arrive within this time. */
const silentForMs = 1_500;
const connectTimeoutMs = 2_000;
const longestRetryMs = 1_000;

/** For a connection to one server, also to one of a cluster. */
const connectionOptions = {
  connectTimeout: connectTimeoutMs,
  socketTimeout: silentForMs,
  keepAlive: 10_000,
  maxRetriesPerRequest: 0,
  maxLoadingRetryTime: longestRetryMs,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
} as const;

/**
 * For a client of one server, or of the primary that the sentinels name.
 *
 * Nothing is queued and nothing is sent twice: the caller must know at once, and asserts again what was lost. We renew
 * subscriptions ourselves, since a caller that missed a message must know that too.
 */
export function clientOptions(
  address: EngineAddress,
  credentials: EngineCredentials,
  name: string,
  random: Random,
) {
  return {
    ...placeOf(address, credentials),
    ...credentialOptions(credentials),
    ...connectionOptions,
    connectionName: name,
    enableOfflineQueue: false,
    lazyConnect: true,
    retryStrategy: retryAfterMs(random),
    sentinelRetryStrategy: retryAfterMs(random),
    // A primary that became a replica: a new connect, through the sentinels or the host name, finds the new one.
    reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
  } satisfies RedisOptions;
}

/** For a client of a cluster. */
export function clusterOptions(credentials: EngineCredentials, name: string, random: Random) {
  return {
    redisOptions: {
      ...credentialOptions(credentials),
      ...connectionOptions,
      connectionName: name,
    },
    enableOfflineQueue: false,
    lazyConnect: true,
    clusterRetryStrategy: retryAfterMs(random),
    clusterNodeRetryStrategy: retryAfterMs(random),
    // A device that would wait longer is served without an answer, and its connection is asserted again.
    maxRedirections: 4,
    slotsRefreshTimeout: connectTimeoutMs,
    slotsRefreshInterval: 2_000,
  } satisfies ClusterOptions;
}

function credentialOptions({ username, password, tls }: EngineCredentials) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: tlsOptions(tls) }),
  };
}

function placeOf(address: EngineAddress, credentials: EngineCredentials) {
  const { kind, hosts, database, primaryName } = address;
  if (kind !== 'sentinel') return { ...hosts[0], db: database };
  const { sentinelUsername, sentinelPassword, tls } = credentials;
  return {
    sentinels: hosts.map(({ host, port }) => ({ host, port })),
    ...(primaryName !== undefined && { name: primaryName }),
    db: database,
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(tls) }),
  };
}

function tlsOptions({ ca, cert, key, verifyHost }: EngineTls): NonNullable<RedisOptions['tls']> {
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(!verifyHost && { checkServerIdentity: () => undefined }),
  };
}

/** Random, so that not all instances retry at the same moment. */
function retryAfterMs(random: Random): (times: number) => number {
  return (times) => Math.min(longestRetryMs, 50 * 2 ** Math.min(times - 1, 6)) * (0.75 + random.next() / 2);
}
