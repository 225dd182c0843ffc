import type { Clock, Log, Random } from '@rollcall/core/environment';
import { bcryptCosts, createPasswordVerifier } from '@rollcall/device-registry';
import { createBcryptPool } from '@rollcall/device-registry/internal';
import type { FollowedFiles } from '@rollcall/file-follower';
import {
  createTurns,
  openHttpPort,
  type HealthTexts,
  type Listening,
  type ListenOptions,
  type Turns,
} from '@rollcall/http-service';
import { createTokenCheck, openTokenFiles, readFollowed } from '@rollcall/http-service/tokens';
import type { ResourceStack } from '@rollcall/runtime';
import type { RegistryStore } from '../store/registry-store.ts';
import { createApiAccess, type ApiAccess } from './access/api-access.ts';
import { readUserList } from './access/user-list.ts';
import { createApp } from './http/create-app.ts';
import type { ManagementContext } from './http/management-context.ts';
import type { ManagementValues } from './management-options.ts';
import { busy } from './faults/registry-error.ts';

export interface ManagementParts {
  readonly values: ManagementValues;
  readonly store: RegistryStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly files: FollowedFiles;
  readonly health: HealthTexts;
  readonly turns: Turns;
  failed: ListenOptions['failed'];
  turnedAway: ListenOptions['turnedAway'];
}

const section = 'REGISTRY_HTTP';
/** How many requests use the database at a time, and how many may wait for it. */
const maxAsking = 64;
const maxWaiting = 2_000;
/** How many passwords may wait to be hashed. Each takes a tenth of a second. */
const maxHashing = 200;

/** The turns of requests at the database, fair among tenants. */
export function managementTurns(): Turns {
  return createTurns(maxAsking, maxWaiting, busy);
}

/** Opens the port of the management API. @throws ConfigError, TransportError */
export async function startManagement(parts: ManagementParts, resources: ResourceStack): Promise<Listening> {
  const { values, store, clock, log, files, turns, health, failed, turnedAway } = parts;
  const pool = resources.adopt(createBcryptPool(maxHashing, { clock, log }), (each) => each.close());
  const context: ManagementContext = {
    ...{ clock, store, turns, failed },
    access: openAccess(parts, resources),
    hasher: {
      hash: (owner, password, cost) => pool.hash({ owner, isSuspect: false }, password, cost),
    },
    rules: {
      usernamePattern: values.usernamePattern,
      maxBcryptCost: values.maxBcryptCost,
      hashCost: Math.min(values.maxBcryptCost, bcryptCosts.max),
      hashFunctions: values.hashFunctions ?? [],
    },
    tenantIdPattern: values.tenantIdPattern,
    deviceIdPattern: values.deviceIdPattern,
    maxBodyBytes: values.maxBodyBytes,
    allowedOrigin: values.allowedOrigin,
    open: !values.authenticationRequired,
  };
  const own = {
    port: values.apiPort,
    bindAddress: values.apiBindAddress,
    keyPath: values.apiKeyPath,
    certPath: values.apiCertPath,
    secureProtocols: values.apiProtocols,
    cipherSuites: values.apiCipherSuites,
    maxConnections: values.maxApiConnections,
  };
  return resources.adopt(
    await openHttpPort(
      { name: 'management', section, values: own, clock, log, files, failed, turnedAway },
      (serve) => createApp(context, health, serve),
    ),
    (each) => each.close(),
  );
}

function openAccess(
  { values, clock, random, log, files, failed }: ManagementParts,
  resources: ResourceStack,
): ApiAccess {
  const names = {
    tenants: values.tenantsClaim,
    scope: values.scopeClaim,
    readScope: values.readScope,
    adminScope: values.adminScope,
  };
  const {
    userFile,
    tokenFile,
    tokenKeys: keys,
    tokenKeysTrustStore: keysTrustStore,
    audience,
    issuer,
  } = values;
  const open = !values.authenticationRequired;
  const users =
    userFile === undefined
      ? () => undefined
      : readFollowed({
          ...{ files, name: 'users', option: `${section}_USERFILE`, path: userFile },
          parse: (text) => readUserList(text, names),
        });
  const keysFailed = (error: unknown): void => failed('token keys', error);
  const tokens = createTokenCheck({
    ...openTokenFiles({ section, keys, keysTrustStore, tokenFile, names, files, clock, keysFailed }),
    ...{ clock, names, open, audience, issuer, keysFailed },
  });
  const verifier = resources.adopt(createPasswordVerifier({ clock, random, log }), (each) => each.close());
  return createApiAccess({ clock, tokens, open, users, verifier });
}
