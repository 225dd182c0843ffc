import type { ConfigProblem } from '@rollcall/core';
import {
  configProblem,
  option,
  optional,
  setBothOrNeither,
  variableOf,
  type Options,
  type ValuesOf,
} from '@rollcall/options';
import { anyOrPattern, commaSeparated, flag, port, text, wholeNumber } from '@rollcall/options/formats';
import { cipherSuitesOption, secureProtocolsOption, tlsChoiceProblems } from '@rollcall/options/tls';
import { z } from 'zod';

const section = 'REGISTRY_HTTP';

/** A regular expression that a whole name must match. */
const pattern: z.ZodType<RegExp, string> = z.string().transform((written, context) => {
  try {
    return new RegExp(`^(?:${written})$`);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a regular expression' });
    return z.NEVER;
  }
});

/** Options of the management API. If Hono's registry has the same option, its name works too. */
export const managementOptions = {
  apiPort: option(
    `${section}_PORT`,
    port,
    '28080',
    'port of the management API; with TLS where key and certificate are set',
    { hono: true },
  ),
  apiBindAddress: option(`${section}_BINDADDRESS`, text, '127.0.0.1', 'address it is bound to', {
    hono: true,
  }),
  apiKeyPath: optional(`${section}_KEYPATH`, text, "PEM file of the API's private key", { hono: true }),
  apiCertPath: optional(`${section}_CERTPATH`, text, "PEM file of the API's certificate chain", {
    hono: true,
  }),
  apiProtocols: secureProtocolsOption(section),
  apiCipherSuites: cipherSuitesOption(section),
  authenticationRequired: option(
    `${section}_AUTHENTICATIONREQUIRED`,
    flag,
    'true',
    'whether requests must say who asks; `false`: any client that reaches the port may do everything, on loopback only',
    { hono: true },
  ),
  userFile: optional(
    `${section}_USERFILE`,
    text,
    'JSON file of users, who log in by HTTP Basic, with their hashed passwords, tenants and scopes',
  ),
  tokenFile: optional(
    `${section}_TOKENFILE`,
    text,
    'JSON file of bearer tokens, by their SHA-256, with their tenants and scopes',
  ),
  tokenKeys: optional(
    `${section}_TOKENKEYS`,
    text,
    'keys that JSON Web Tokens are checked with: `https://` URL or file of a JSON Web Key Set, or PEM file of one public key',
  ),
  tokenKeysTrustStore: optional(
    `${section}_TOKENKEYSTRUSTSTOREPATH`,
    text,
    'PEM file of the authorities that may vouch for the server of that URL, instead of those that Node.js trusts',
  ),
  audience: option(
    `${section}_AUDIENCE`,
    text,
    'rollcall-device-registry',
    'audience (`aud`) that a JSON Web Token must have',
  ),
  issuer: optional(`${section}_ISSUER`, text, 'issuer (`iss`) that a JSON Web Token must have'),
  tenantsClaim: option(`${section}_TENANTSCLAIM`, text, 'tenants', 'claim with the tenants: a list, or `*`'),
  scopeClaim: option(`${section}_SCOPECLAIM`, text, 'scope', 'claim with the scopes: a list, or words'),
  readScope: option(`${section}_READSCOPE`, text, 'registry:read', 'scope that may read'),
  adminScope: option(`${section}_ADMINSCOPE`, text, 'registry:admin', 'scope that may write, too'),
  allowedOrigin: optional(
    `${section}_CORSALLOWEDORIGIN`,
    anyOrPattern,
    'origin of web pages that may use the API: `*`, or a regular expression (default: none)',
    { hono: true },
  ),
  maxBodyBytes: option(
    `${section}_MAXPAYLOADSIZE`,
    wholeNumber(256, 10_000_000),
    '2048',
    'bytes that the body of a request may have',
    { hono: true },
  ),
  tenantIdPattern: option(
    `${section}_TENANTIDPATTERN`,
    pattern,
    '[a-zA-Z0-9-_\\.]+',
    'regular expression that the id of a tenant must match',
    { hono: true },
  ),
  deviceIdPattern: option(
    `${section}_DEVICEIDPATTERN`,
    pattern,
    '[a-zA-Z0-9-_\\.:=]+',
    'regular expression that the id of a device must match',
    { hono: true },
  ),
  maxApiConnections: option(
    `${section}_MAXCONNECTIONS`,
    wholeNumber(10, 1_000_000),
    '2000',
    'network connections of the API at a time; where there are more, the oldest one without an open request is closed',
  ),
  usernamePattern: option(
    'REGISTRY_SVC_USERNAMEPATTERN',
    pattern,
    '[a-zA-Z0-9-_=\\.]+',
    'regular expression that the auth-id of passwords must match',
    { hono: true },
  ),
  maxBcryptCost: option(
    'REGISTRY_SVC_MAXBCRYPTCOSTFACTOR',
    wholeNumber(4, 31),
    '10',
    'highest cost of a bcrypt hash that is taken; passwords are hashed with it, or with 12 where it is higher',
    { hono: true },
  ),
  hashFunctions: optional(
    'REGISTRY_SVC_HASHALGORITHMSALLOWLIST',
    commaSeparated,
    'hash functions of passwords that are taken, separated by commas (default: any)',
    { hono: true },
  ),
} as const satisfies Options;

export type ManagementValues = ValuesOf<typeof managementOptions>;

/** Problems of values that are valid one by one but not together. */
export function managementProblems(values: ManagementValues): readonly ConfigProblem[] {
  const key = [`${section}_KEYPATH`, values.apiKeyPath] as const;
  const cert = [`${section}_CERTPATH`, values.apiCertPath] as const;
  return [
    ...setBothOrNeither(key, cert).map(configProblem),
    ...accessProblems(values),
    ...tlsChoiceProblems(section, values.apiProtocols, values.apiCipherSuites).map(configProblem),
  ];
}

function accessProblems(values: ManagementValues): readonly ConfigProblem[] {
  const { userFile, tokenFile, tokenKeys } = values;
  const [required, bind, users, tokens, keys] = [
    'AUTHENTICATIONREQUIRED',
    'BINDADDRESS',
    'USERFILE',
    'TOKENFILE',
    'TOKENKEYS',
  ].map((name) => variableOf(`${section}_${name}`));
  const isAnybody = [userFile, tokenFile, tokenKeys].some((each) => each !== undefined);
  const problems: ConfigProblem[] = [];
  if (!values.authenticationRequired && !isLoopback(values.apiBindAddress))
    problems.push({
      code: 'OPTIONS_CONFLICT',
      text: `${required}: false on loopback only: set ${bind}=127.0.0.1, or have requests say who asks`,
    });
  if (!values.authenticationRequired && isAnybody)
    problems.push({
      code: 'OPTIONS_CONFLICT',
      text: `${required}: where it is false nobody is asked: leave it out, or ${users}, ${tokens} and ${keys}`,
    });
  if (values.authenticationRequired && !isAnybody)
    problems.push({
      code: 'OPTION_MISSING',
      text: `nobody could use the API: set ${users}, ${tokens} or ${keys}, or, on loopback, ${required}=false`,
    });
  if (tokenKeys !== undefined && /^http:/i.test(tokenKeys) && !isLoopbackUrl(tokenKeys))
    problems.push({ code: 'OPTION_MALFORMED', text: `${keys}: keys must come over https` });
  return problems;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function isLoopbackUrl(url: string): boolean {
  return URL.canParse(url) && isLoopback(new URL(url).hostname.replaceAll(/[[\]]/g, ''));
}
