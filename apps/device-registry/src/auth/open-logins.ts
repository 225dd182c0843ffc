import { createMinuteGate } from '@rollcall/containment';
import { createPasswordVerifier } from '@rollcall/device-registry';
import { ConfigError, type Clock, type Log, type Random } from '@rollcall/core';
import { readRegularFile, type FollowedFiles } from '@rollcall/file-follower';
import { keysIn, remoteKeys, type TokenKeys } from '@rollcall/http-service';
import { variableOf } from '@rollcall/options';
import { readPem } from '@rollcall/options/tls';
import type { ResourceStack } from '@rollcall/runtime';
import type { AuthValues } from './auth-options.ts';
import { createAuthServerLogins } from './auth-server-logins.ts';
import type { AuthServer } from './fetch-token.ts';
import type { Logins } from './identity.ts';
import { createLocalLogins } from './local-logins.ts';
import { readPermissions } from './permissions.ts';
import { createThrottledLogins, type ThrottledLogins } from './throttled-logins.ts';
import { sharedSecretKeys } from './shared-secret-keys.ts';

export interface LoginsParts {
  readonly values: AuthValues;
  readonly files: Pick<FollowedFiles, 'follow'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  failed(where: string, error: unknown): void;
}

/** As much as is read of a file that is replaced. */
const maxBytes = 4_000_000;
const failureAnswerMs = 500;
/** As Hono's services do: an auth server that was restarted may have another key. */
const lookUpKeysEachMs = 3_000;

/** Logins as the options say. What was begun is in `resources`. @throws ConfigError where a file cannot be used. */
export function openLogins(parts: LoginsParts, resources: ResourceStack): ThrottledLogins {
  const { values, clock } = parts;
  const { permissionsPath, authHost } = values;
  if (authHost !== undefined)
    return createThrottledLogins({ clock, failureAnswerMs, logins: askAuthServer(parts, authHost) });
  if (permissionsPath === undefined) throw new ConfigError(['nobody could log in']);
  const passwords = resources.adopt(createPasswordVerifier(parts), (each) => each.close());
  const permissions = inFile(parts, 'AUTH_SVC_PERMISSIONSPATH', permissionsPath, readPermissions);
  return createThrottledLogins({
    clock,
    failureAnswerMs,
    logins: createLocalLogins({ permissions, passwords }),
  });
}

function askAuthServer(parts: LoginsParts, host: string): Logins {
  const { values, clock, random, log, failed } = parts;
  const gate = createMinuteGate(clock);
  return createAuthServerLogins({
    ...{ clock, random, log, failed },
    server: authServerOf(values, host),
    tokens: {
      keys: tokenKeysOf(parts, host),
      issuer: values.tokenIssuer,
      ...(values.tokenAudience !== undefined && { audience: values.tokenAudience }),
    },
    unavailable(cause) {
      if (gate.pass() !== undefined)
        log.warn({ host, cause }, 'the auth server does not let clients of the services log in');
    },
  });
}

function authServerOf(values: AuthValues, host: string): AuthServer {
  const { authPort, authTls, authTrustStore, authVerifyHost, authTimeoutMs } = values;
  const isSecure = authTls || authTrustStore !== undefined;
  return {
    host,
    port: authPort,
    timeoutMs: authTimeoutMs,
    ...(isSecure && {
      tls: {
        hostnameVerification: authVerifyHost,
        ...(authTrustStore !== undefined && {
          ca: readPem(variableOf('AUTH_TRUSTSTOREPATH'), authTrustStore),
        }),
      },
    }),
  };
}

function tokenKeysOf(parts: LoginsParts, host: string): () => TokenKeys {
  const { tokenSecret, tokenCertPath, jwksPort, jwksUri, jwksTls } = parts.values;
  if (tokenCertPath !== undefined) return inFile(parts, 'AUTH_VALIDATION_CERTPATH', tokenCertPath, keysIn);
  const keys =
    tokenSecret === undefined
      ? remoteKeys(new URL(jwksUri, `${jwksTls ? 'https' : 'http'}://${hostInUrl(host)}:${jwksPort}`), {
          clock: parts.clock,
          lookUpEachMs: lookUpKeysEachMs,
          failed: (error) => parts.failed('token keys', error),
        })
      : orProblem('AUTH_VALIDATION_SHAREDSECRET', () => sharedSecretKeys(tokenSecret));
  return () => keys;
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** What a file says, by now. One that cannot be used any more is left aside, and told. */
function inFile<Read>(
  { files }: Pick<LoginsParts, 'files'>,
  option: string,
  path: string,
  parse: (text: string) => Read,
): () => Read {
  const file = readRegularFile(path, maxBytes);
  if (file.status === 'unusable')
    throw new ConfigError([
      { code: 'OPTION_FILE_UNREADABLE', text: `${variableOf(option)}: ${file.problem}` },
    ]);
  let usedText = file.text;
  let used = orProblem(option, () => parse(usedText), path);
  files.follow({
    name: option.toLowerCase(),
    files: [path],
    use([text = '']) {
      if (text === usedText) return { changed: false };
      used = parse(text);
      usedText = text;
      return { changed: true };
    },
  });
  return () => used;
}

function orProblem<Result>(option: string, make: () => Result, path?: string): Result {
  try {
    return make();
  } catch (error) {
    const where = path === undefined ? '' : `${path}: `;
    throw new ConfigError([`${variableOf(option)}: ${where}${(error as Error).message}`]);
  }
}
