import { option, optional } from '@rollcall/options';
import {
  commaSeparated,
  flag,
  identifier,
  milliseconds,
  oneOf,
  port,
  text,
  wholeNumber,
} from '@rollcall/options/formats';
import { addressRanges } from '@rollcall/options/internal';
import { processCount } from './process-count.ts';
import { logFormats } from './log-format.ts';

/** The options every adapter has, whatever its protocol. */
export const kitOptions = {
  adapterId: optional(
    'ADAPTER_ID',
    identifier,
    'stable name of this adapter in events; one running adapter each (default: host name and adapter type)',
  ),
  processes: option(
    'ADAPTER_PROCESSES',
    processCount,
    '1',
    'processes that serve behind one port, each with a journal of its own; `cores`: as many as the machine has cores',
  ),
  reusePort: option(
    'ADAPTER_REUSEPORT',
    flag,
    'true',
    'whether each of several processes binds the port, and the kernel spreads connections; otherwise their parent hands them on in turn',
  ),
  remoteAddress: option(
    'ADAPTER_REMOTEADDRESS',
    flag,
    'true',
    'whether events tell the address a device connected from',
  ),
  maxAuthenticating: option(
    'ADAPTER_MAXAUTHENTICATING',
    wholeNumber(1, 100_000),
    '200',
    'devices that are authenticated at a time; others wait for their turn, tenant by tenant',
  ),
  maxWaiting: option(
    'ADAPTER_MAXWAITING',
    wholeNumber(0, 10_000_000),
    '10000',
    'devices that may wait for it; the rest is told that the server is busy',
  ),
  maxWaitMs: option(
    'ADAPTER_MAXWAIT',
    milliseconds,
    '8000',
    'ms that a device waits at most before it is told so',
  ),
  maxSessionsPerDevice: option(
    'ADAPTER_MAXSESSIONSPERDEVICE',
    wholeNumber(0, 10_000_000),
    '100',
    'sessions that a device may have at a time, where the registry does not say (`max-connections-per-device`); 0: no limit',
  ),
  failureAnswerMs: option(
    'ADAPTER_LOGINFAILUREDELAY',
    wholeNumber(0, 60_000),
    '300',
    'ms after which a device is told that its credentials are wrong, or a multiple of it: how long it took says nothing then',
  ),
  sharedAddresses: optional(
    'ADAPTER_SHAREDADDRESSES',
    addressRanges,
    'addresses that many devices share, e.g. `10.0.0.0/8`, as behind balancers that hide them: no limit of failed logins by address there',
  ),
  maxMessagesPerSecond: option(
    'ADAPTER_MAXMESSAGERATE',
    wholeNumber(0, 1_000_000),
    '0',
    'messages that a device may upload in a second; 0: no limit',
  ),
  shutdownGraceMs: option(
    'ADAPTER_SHUTDOWNGRACE',
    milliseconds,
    '10000',
    'ms to wait at a stop until published events are confirmed',
  ),
  drainPerSecond: option(
    'ADAPTER_DRAINRATE',
    wholeNumber(0, 100_000),
    '0',
    'sessions that a stop closes in a second, at random, until `ROLLCALL_ADAPTER_SHUTDOWNGRACE` is over and the rest goes at once; 0: all at once',
  ),
  logLevel: option(
    'LOG_LEVEL',
    oneOf('debug', 'info', 'warn', 'error'),
    'info',
    'least severe log line written',
  ),
  logFormat: option(
    'LOG_FORMAT',
    oneOf(...logFormats),
    'words',
    'how severity and time stand in the log: `words` (`"level":"info"`, RFC 3339), or `numbers`, as pino has them',
  ),
  healthPort: option('HEALTH_PORT', port, '8088', 'port of /started, /readiness, /liveness and /metrics'),
  healthBindAddress: option('HEALTH_BINDADDRESS', text, '127.0.0.1', 'address that port is bound to'),
  producers: option(
    'CONNECTIONEVENTS_PRODUCER',
    commaSeparated,
    'logging',
    'where connection events go, separated by commas: `logging`, `events` (the Events API), `none`, or a module that makes a sink, e.g. `./my-sink.js`',
    { hono: true },
  ),
  eventLogLevel: option(
    'CONNECTIONEVENTS_LOGLEVEL',
    oneOf('info', 'debug'),
    'info',
    'severity at which `logging` writes connection events',
    { hono: true },
  ),
  announceIntervalMs: option(
    'CONNECTIONEVENTS_ANNOUNCEINTERVAL',
    milliseconds,
    '3600000',
    'ms after which each open connection is announced again, for consumers that came late; 0: never',
  ),
  journalDirectory: optional(
    'JOURNAL_DIRECTORY',
    text,
    'directory of the journal, which must outlive the process; a file per adapter id',
  ),
  journalKind: optional(
    'JOURNAL_KIND',
    oneOf('file', 'memory'),
    'where events wait until they are confirmed: `file`, or `memory`, which ends with the process (default: `file` where a directory is set)',
  ),
  journalDurability: option(
    'JOURNAL_DURABILITY',
    oneOf('process', 'power'),
    'process',
    'what a journaled event outlives for sure: the end of the `process`, or also a loss of `power` (slower)',
  ),
  journalMaxBytes: option(
    'JOURNAL_MAXBYTES',
    wholeNumber(1_000_000, 1_000_000_000_000),
    '1073741824',
    'greatest size of the journal file; a full one leaves events in memory',
  ),
  outboxEvents: option(
    'OUTBOX_MAXEVENTS',
    wholeNumber(100, 10_000_000),
    '100000',
    'events that may wait for one sink',
  ),
  outboxBytes: option(
    'OUTBOX_MAXBYTES',
    wholeNumber(100_000, 4_000_000_000),
    '134217728',
    'bytes of events that may wait for one sink',
  ),
  outboxMemoryBytes: option(
    'OUTBOX_MAXMEMORY',
    wholeNumber(0, 1_000_000_000_000),
    '0',
    'bytes of memory for events that wait, beside some 70 for each; the rest is read back from the journal; 0: an eighth of the heap limit of Node.js',
  ),
  commitWaitMs: option(
    'JOURNAL_COMMITWAIT',
    milliseconds,
    '50',
    'longest ms a device waits for the journal, and the directory of a fleet; then it is answered, and readiness says `DEGRADED`',
  ),
  deadAfterMs: option(
    'DIRECTORY_DEADAFTER',
    wholeNumber(2_000, 600_000),
    '10000',
    'ms without a sign of life after which an adapter of a fleet is declared dead; the same for all of them',
  ),
  presenceUrls: optional(
    'DIRECTORY_PRESENCEURL',
    commaSeparated,
    'URL of a presence service, `https://host:8090`, or some, separated by commas: an adapter of the fleet that it still hears is not declared dead',
  ),
  presenceToken: optional(
    'DIRECTORY_PRESENCETOKEN',
    text,
    'token for it: `presence:read` for all tenants (`*`)',
    { secret: true },
  ),
  presenceTrustStore: optional(
    'DIRECTORY_PRESENCETRUSTSTOREPATH',
    text,
    'PEM file of certificates to trust there (default: those of Node.js)',
  ),
  presenceWaitMs: option(
    'DIRECTORY_PRESENCETIMEOUT',
    wholeNumber(100, 1_800),
    '1500',
    'ms that its answer is waited for; then signs of life alone decide',
  ),
  registryKind: option(
    'REGISTRY_KIND',
    identifier,
    'file',
    'where tenants, devices and credentials are: `file`, or `amqp` for the services of Eclipse Hono (`docs/registry.md`)',
  ),
  registryFile: optional(
    'REGISTRY_FILE',
    text,
    'JSON or YAML file of tenants, devices and credentials (required for `file`)',
  ),
  registryHoldMs: option(
    'REGISTRY_HOLD',
    milliseconds,
    '30000',
    'ms that devices missing in a changed registry file are held, where they are many or a whole tenant (`rollcall registry accept`); 0: none',
  ),
} as const;

/** Options that every service has too. Its health port has nothing but health: the API has a port of its own. */
export const serviceOptions = {
  healthPort: option(
    'HEALTH_PORT',
    port,
    '8088',
    'port of /started, /readiness, /liveness and /metrics alone',
  ),
  healthBindAddress: kitOptions.healthBindAddress,
  logLevel: kitOptions.logLevel,
  logFormat: kitOptions.logFormat,
} as const;
