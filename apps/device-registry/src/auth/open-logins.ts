import { createMinuteGate } from '@rollcall/containment';
import { createPasswordVerifier } from '@rollcall/device-registry';
import { ConfigError } from '@rollcall/core';
import type { Clock, Log, Random } from '@rollcall/core/environment';
import type { FollowedFiles } from '@rollcall/file-follower';
import { keysIn, readFollowed, remoteKeys, type TokenKeys } from '@rollcall/http-service/tokens';
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

const failureAnswerMs = 500;
/** As often as Hono's services do: a restarted auth server may have another key. */
const lookUpKeysEachMs = 3_000;

/** Opens the logins that the options choose. All that it has started is in `resources`. @throws ConfigError if a file cannot be used. */
export function openLogins(parts: LoginsParts, resources: ResourceStack): ThrottledLogins {
  const { values, clock } = parts;
  const { permissionsPath, authHost } = values;
  if (authHost !== undefined)
    return createThrottledLogins({ clock, failureAnswerMs, logins: askAuthServer(parts, authHost) });
  if (permissionsPath === undefined) throw new ConfigError(['nobody could log in']);
  const passwords = resources.adopt(createPasswordVerifier(parts), (each) => each.close());
  const permissions = readFollowed({
    files: parts.files,
    name: 'permissions',
    option: 'AUTH_SVC_PERMISSIONSPATH',
    path: permissionsPath,
    parse: readPermissions,
  });
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
  const { tokenSecret, tokenCertPath, jwksPort, jwksUri, jwksTls, authTrustStore, authVerifyHost } =
    parts.values;
  if (tokenCertPath !== undefined)
    return readFollowed({
      files: parts.files,
      name: 'auth-token-keys',
      option: 'AUTH_VALIDATION_CERTPATH',
      path: tokenCertPath,
      parse: keysIn,
    });
  const keys =
    tokenSecret === undefined
      ? remoteKeys(new URL(jwksUri, `${jwksTls ? 'https' : 'http'}://${hostInUrl(host)}:${jwksPort}`), {
          clock: parts.clock,
          lookUpEachMs: lookUpKeysEachMs,
          failed: (error) => parts.failed('token keys', error),
          // The same TLS options as for the connection to the auth server.
          trust: () => ({
            anyName: !authVerifyHost,
            ...(authTrustStore !== undefined && {
              ca: readPem(variableOf('AUTH_TRUSTSTOREPATH'), authTrustStore),
            }),
          }),
        })
      : sharedSecretOf(tokenSecret);
  return () => keys;
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function sharedSecretOf(secret: string): TokenKeys {
  try {
    return sharedSecretKeys(secret);
  } catch (error) {
    throw new ConfigError([`${variableOf('AUTH_VALIDATION_SHAREDSECRET')}: ${(error as Error).message}`]);
  }
}
