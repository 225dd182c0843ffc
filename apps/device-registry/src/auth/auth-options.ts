import type { ConfigProblem } from '@rollcall/core';
import { option, optional, variableOf, type Options, type ValuesOf } from '@rollcall/options';
import { flag, milliseconds, port, text } from '@rollcall/options/formats';

/** Options that say who may use the AMQP services: a file or Hono's auth server decides. The names are Hono's. */
export const authOptions = {
  permissionsPath: optional(
    'AUTH_SVC_PERMISSIONSPATH',
    text,
    "JSON file of the users of the AMQP services and what they may do, in the format of Hono's auth server; passwords may be hashed",
    { hono: true },
  ),
  authHost: optional(
    'AUTH_HOST',
    text,
    "host of Hono's auth server, which is asked in place of a file whether a user's password is right",
    { hono: true },
  ),
  authPort: option('AUTH_PORT', port, '5671', 'port of the auth server', { hono: true }),
  authTls: option(
    'AUTH_TLSENABLED',
    flag,
    'false',
    'whether to use TLS with the auth server; also on where a trust store is set',
    { hono: true },
  ),
  authTrustStore: optional(
    'AUTH_TRUSTSTOREPATH',
    text,
    'PEM file of certificates to trust of the auth server',
    { hono: true },
  ),
  authVerifyHost: option(
    'AUTH_HOSTNAMEVERIFICATIONREQUIRED',
    flag,
    'true',
    "whether the auth server's certificate must match its host name",
    { hono: true },
  ),
  authTimeoutMs: option(
    'AUTH_CONNECTTIMEOUT',
    milliseconds,
    '5000',
    'ms within which the auth server must have given a token',
    { hono: true },
  ),
  tokenSecret: optional(
    'AUTH_VALIDATION_SHAREDSECRET',
    text,
    "secret that the auth server's tokens are verified with",
    { hono: true, secret: true },
  ),
  tokenCertPath: optional(
    'AUTH_VALIDATION_CERTPATH',
    text,
    "PEM file of the certificate or public key that the auth server's tokens are verified with, or a JSON Web Key Set",
    { hono: true },
  ),
  tokenIssuer: option(
    'AUTH_VALIDATION_ISSUER',
    text,
    'https://hono.eclipse.org/auth-server',
    'issuer (`iss`) that a token must have',
    { hono: true },
  ),
  tokenAudience: optional('AUTH_VALIDATION_AUDIENCE', text, 'audience (`aud`) that a token must have', {
    hono: true,
  }),
  jwksPort: option(
    'AUTH_JWKSENDPOINTPORT',
    port,
    '8088',
    'port at which the auth server tells its keys, where neither a secret nor a certificate is set',
    { hono: true },
  ),
  jwksUri: option('AUTH_JWKSENDPOINTURI', text, '/validating-keys', 'path of the keys there', { hono: true }),
  jwksTls: option(
    'AUTH_JWKSENDPOINTTLSENABLED',
    flag,
    'true',
    'whether the keys come over TLS; without it, an attacker in between can log in as any user',
    { hono: true },
  ),
} as const satisfies Options;

export type AuthValues = ValuesOf<typeof authOptions>;

/** Problems of values that are valid one by one but not together. @param isNeeded whether a port of the AMQP services is open. */
export function authProblems(values: AuthValues, isNeeded: boolean): readonly ConfigProblem[] {
  const { permissionsPath, authHost, tokenSecret, tokenCertPath } = values;
  const [file, host] = ['AUTH_SVC_PERMISSIONSPATH', 'AUTH_HOST'].map(variableOf);
  const [secret, cert] = ['AUTH_VALIDATION_SHAREDSECRET', 'AUTH_VALIDATION_CERTPATH'].map(variableOf);
  const problems: ConfigProblem[] = [];
  if (permissionsPath !== undefined && authHost !== undefined)
    problems.push({ code: 'OPTIONS_CONFLICT', text: `set ${file} or ${host}, not both` });
  if (isNeeded && permissionsPath === undefined && authHost === undefined)
    problems.push({
      code: 'OPTION_MISSING',
      text: `nobody could use the AMQP services: set ${file}, or ${host}`,
    });
  if (tokenSecret !== undefined && tokenCertPath !== undefined)
    problems.push({ code: 'OPTIONS_CONFLICT', text: `set ${secret} or ${cert}, not both` });
  return problems;
}
