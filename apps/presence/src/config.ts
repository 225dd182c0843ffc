import { isProblemOf, serviceOptions } from '@rollcall/adapter-process/internal';
import { amqp } from '@rollcall/amqp-sender';
import { consumerSettings, type ConsumerSettings, messagingSettings } from '@rollcall/amqp-sender/internal';
import type { EventNetwork } from '@rollcall/client';
import { ConfigError, type ConfigProblem } from '@rollcall/core';
import type { ConfigCode } from '@rollcall/core/internal';
import type { DirectoryModule } from '@rollcall/directory-module';
import {
  configProblem,
  option,
  optional,
  setBothOrNeither,
  readOptions,
  type Options,
  type ValuesOf,
} from '@rollcall/options';
import {
  anyOrPattern,
  commaSeparated,
  flag,
  identifier,
  milliseconds,
  pairs,
  port,
  text,
  wholeNumber,
} from '@rollcall/options/formats';
import type { Effective } from '@rollcall/options/internal';
import { chooseModule, type ChosenModule, optionsOfModules } from '@rollcall/options/module';
import { cipherSuitesOption, secureProtocolsOption, tlsChoiceProblems } from '@rollcall/options/tls';
import { parseRetention } from './parse-retention.ts';
import type { KeptHistory } from './store/presence-store.ts';

/** Options of the presence service. */
export const presenceOptions = {
  tenants: option(
    'PRESENCE_TENANTS',
    commaSeparated,
    'all',
    'tenants whose events are followed, separated by commas; `all`: every tenant of the network, where it has an address for that',
  ),
  subscription: option(
    'PRESENCE_SUBSCRIPTION',
    identifier,
    'rollcall-presence',
    'name of the subscription at the messaging network: replicas share one, and one database',
  ),
  address: optional(
    'PRESENCE_ADDRESS',
    text,
    'address to receive from, instead of the usual one of the network; `{tenant}` stands for each tenant',
  ),
  directory: option(
    'PRESENCE_DIRECTORY',
    text,
    'presence',
    'directory of the SQLite database, for one running service, where no other database is named',
  ),
  database: optional(
    'PRESENCE_DATABASE',
    text,
    'URL of a PostgreSQL database, `postgres://user:password@host/name`, for one service or several replicas',
    { secret: true },
  ),
  retentionDays: option(
    'PRESENCE_RETENTION',
    wholeNumber(1, 36_500),
    '30',
    'days after their end that connections are kept in the history',
  ),
  tenantRetention: optional(
    'PRESENCE_TENANTRETENTION',
    pairs,
    'the same for single tenants, e.g. `acme=7,other=90`',
  ),
  announceIntervalMs: option(
    'PRESENCE_ANNOUNCEINTERVAL',
    milliseconds,
    '3600000',
    'ms between announcements of adapters that do not say how often they announce (version 1.0)',
  ),
  flapsPerHour: option(
    'PRESENCE_FLAPPING',
    wholeNumber(1, 100_000),
    '10',
    'changes an hour beyond which a device is listed as one that flaps',
  ),
  batchEvents: option(
    'PRESENCE_BATCHSIZE',
    wholeNumber(1, 900),
    '200',
    'events that are written to the database together, at most',
  ),
  apiPort: option(
    'PRESENCE_PORT',
    port,
    '8090',
    'port of the HTTP API; with TLS where key and certificate are set',
  ),
  bindAddress: option('PRESENCE_BINDADDRESS', text, '127.0.0.1', 'address it is bound to'),
  keyPath: optional('PRESENCE_KEYPATH', text, "PEM file of the server's private key"),
  certPath: optional('PRESENCE_CERTPATH', text, "PEM file of the server's certificate chain"),
  apiProtocols: secureProtocolsOption('PRESENCE'),
  apiCipherSuites: cipherSuitesOption('PRESENCE'),
  open: option(
    'PRESENCE_OPEN',
    flag,
    'false',
    'whether everybody who reaches the port may ask everything; on loopback only',
  ),
  tokenFile: optional(
    'PRESENCE_TOKENFILE',
    text,
    'JSON file of tokens, by their SHA-256, with their tenants and scopes',
  ),
  tokenKeys: optional(
    'PRESENCE_TOKENKEYS',
    text,
    'keys that JSON Web Tokens are checked with: `https://` URL or file of a JSON Web Key Set, or PEM file of one public key',
  ),
  tokenKeysTrustStore: optional(
    'PRESENCE_TOKENKEYSTRUSTSTOREPATH',
    text,
    'PEM file of the authorities that may vouch for the server of that URL, instead of those that Node.js trusts',
  ),
  audience: option(
    'PRESENCE_AUDIENCE',
    text,
    'rollcall-presence',
    'audience (`aud`) that a JSON Web Token must have',
  ),
  issuer: optional('PRESENCE_ISSUER', text, 'issuer (`iss`) that a JSON Web Token must have'),
  tenantsClaim: option('PRESENCE_TENANTSCLAIM', text, 'tenants', 'claim with the tenants: a list, or `*`'),
  scopeClaim: option('PRESENCE_SCOPECLAIM', text, 'scope', 'claim with the scopes: a list, or words'),
  readScope: option('PRESENCE_READSCOPE', text, 'presence:read', 'scope that may ask'),
  adminScope: option(
    'PRESENCE_ADMINSCOPE',
    text,
    'presence:admin',
    'scope that may have devices forgotten, too',
  ),
  allowedOrigin: optional(
    'PRESENCE_CORSALLOWEDORIGIN',
    anyOrPattern,
    'origin of web pages that may use the API: `*`, or a regular expression (default: none)',
  ),
  maxConnections: option(
    'PRESENCE_MAXCONNECTIONS',
    wholeNumber(10, 1_000_000),
    '2000',
    'network connections at a time; where there are more, the oldest one without an open request is closed',
  ),
  maxWatchers: option(
    'PRESENCE_MAXWATCHERS',
    wholeNumber(0, 100_000),
    '1000',
    'readers of `watch` at a time',
  ),
  heartbeatMs: option(
    'PRESENCE_HEARTBEAT',
    wholeNumber(100, 3_600_000),
    '15000',
    'ms of silence after which a reader of `watch` gets a heartbeat',
  ),
  shutdownGraceMs: option(
    'PRESENCE_SHUTDOWNGRACE',
    milliseconds,
    '5000',
    'ms to wait at a stop until requests are answered, and events written',
  ),
  ...serviceOptions,
  ...amqp.options,
} as const satisfies Options;

export type PresenceValues = ValuesOf<typeof presenceOptions>;

export interface PresenceConfig {
  readonly values: PresenceValues;
  /** How to reach the messaging network, in the form of `consume`. */
  readonly consumer: ConsumerSettings;
  readonly network: EventNetwork;
  /** Milliseconds that a connection of a tenant is kept after its end. */
  readonly retention: KeptHistory;
  /** The directory of the fleet whose adapters are asked to announce their open connections; `undefined`: none are asked. */
  readonly directory: ChosenModule<DirectoryModule> | undefined;
  readonly effective: readonly Effective[];
  readonly warnings: readonly string[];
  readonly serviceLinks: readonly string[];
}

/**
 * @param directories kinds of engines that a fleet may have.
 * @throws ConfigError with every problem found.
 */
export function loadPresenceConfig(
  env: Readonly<Record<string, string | undefined>>,
  directories: readonly DirectoryModule[] = [],
): PresenceConfig {
  const all = { ...presenceOptions, ...optionsOfModules(directories) };
  const { values, problems, effective, warnings, serviceLinks, unreadable } = readOptions<
    typeof presenceOptions
  >(all, env);
  const directory = chooseModule(directories, { values, effective });
  const { retention, problems: ofRetention } = parseRetention(values);
  const together = [...problemsOf(values), ...ofRetention, ...directory.problems];
  const found = [...problems, ...together.filter((problem) => !isProblemOf(problem, unreadable))];
  if (found.length > 0) throw new ConfigError(found);
  const settings = messagingSettings('rollcall-presence', values);
  return {
    values,
    consumer: consumerSettings(settings),
    network: settings.network.name,
    retention,
    directory: directory.chosen,
    effective,
    warnings,
    serviceLinks,
  };
}

function problemsOf(values: PresenceValues): readonly ConfigProblem[] {
  const { keyPath, certPath } = values;
  const problems: ConfigProblem[] = setBothOrNeither(
    ['PRESENCE_KEYPATH', keyPath],
    ['PRESENCE_CERTPATH', certPath],
  ).map(configProblem);
  const isProblem = (code: ConfigCode, said: string): void => void problems.push({ code, text: said });
  if (values.host === undefined) isProblem('OPTION_MISSING', 'ROLLCALL_MESSAGING_HOST: must be set');
  if (values.open && !isLoopback(values.bindAddress))
    isProblem(
      'OPTIONS_CONFLICT',
      'ROLLCALL_PRESENCE_OPEN: only on loopback: set ROLLCALL_PRESENCE_BINDADDRESS=127.0.0.1, or have tokens checked',
    );
  if (values.open && (values.tokenFile !== undefined || values.tokenKeys !== undefined))
    isProblem(
      'OPTIONS_CONFLICT',
      'ROLLCALL_PRESENCE_OPEN: no token is looked at then: leave it out, or the tokens',
    );
  if (!values.open && values.tokenFile === undefined && values.tokenKeys === undefined)
    isProblem(
      'OPTION_MISSING',
      'nobody could ask: set ROLLCALL_PRESENCE_TOKENFILE or ROLLCALL_PRESENCE_TOKENKEYS, or, on loopback, ROLLCALL_PRESENCE_OPEN=true',
    );
  if (values.database !== undefined && !/^postgres(?:ql)?:\/\//.test(values.database))
    isProblem('OPTION_MALFORMED', 'ROLLCALL_PRESENCE_DATABASE: must begin with postgres://');
  if (values.tokenKeys !== undefined && /^http:/i.test(values.tokenKeys) && !isLoopbackUrl(values.tokenKeys))
    isProblem('OPTION_MALFORMED', 'ROLLCALL_PRESENCE_TOKENKEYS: keys must come over https');
  return [
    ...problems,
    ...tlsChoiceProblems('PRESENCE', values.apiProtocols, values.apiCipherSuites).map(configProblem),
  ];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function isLoopbackUrl(url: string): boolean {
  return URL.canParse(url) && isLoopback(new URL(url).hostname.replaceAll(/[[\]]/g, ''));
}
