/** A log line that an operator may have to do something about. `docs/errors.md` says what. */
interface CataloguedMessage {
  /** Stable, for rules and searches. */
  readonly code: string;
  readonly text: string | RegExp;
}

/** Lines of level `warn` and `error`. Each text belongs to one code. */
export const catalogue: readonly CataloguedMessage[] = [
  { code: 'OWN_MISTAKE', text: /^a mistake of ours/ },
  {
    code: 'ADAPTER_ID_NOT_SET',
    text: 'ROLLCALL_ADAPTER_ID is not set: if the host name changes, the journal is not found again',
  },
  {
    code: 'LOG_LINES_LEFT_OUT',
    text: 'the log is not read as fast as it is written: lines were left out',
  },
  { code: 'PROCESS_KILLED', text: 'a process of the adapter stands still, and is killed' },
  { code: 'PROCESS_RESTARTED', text: 'a process of the adapter ended, and is started again' },
  { code: 'OPTION_OF_HONO_UNKNOWN', text: /: unknown option of Hono, left aside/ },
  {
    code: 'DRAIN_TOO_SLOW',
    text: /^ROLLCALL_ADAPTER_DRAINRATE and ROLLCALL_ADAPTER_SHUTDOWNGRACE cannot reach/,
  },
  { code: 'NO_MESSAGING_NETWORK', text: /: data that devices upload is refused$/ },
  {
    code: 'NETWORK_MAY_DROP_EVENTS',
    text: /(?:accepts and drops events|makes .* a queue that ends with the broker)/,
  },
  {
    code: 'DEVICES_UNAUTHENTICATED',
    text: /(?:need not authenticate|the port without DTLS is open: anyone)/,
  },
  {
    code: 'PLAIN_PORT_USELESS',
    text: 'the port without DTLS is open, where no device can authenticate: all requests are refused',
  },
  {
    code: 'PORT_BLOCKED',
    text: 'browsers and fetch refuse to use this port: choose another one',
  },
  { code: 'CLEAN_UP_FAILED', text: 'a part that had started could not be closed' },
  { code: 'REGISTRY_AWAY', text: 'device registry is away: lease clocks stand still' },
  { code: 'REGISTRY_BACK', text: 'device registry is back' },
  {
    code: 'REGISTRY_NOT_READ',
    text: /^(?:changed )?device registry(?: could not be loaded| cannot be read| is written to without end| is not used|: what an operator accepted)/,
  },
  {
    code: 'REGISTRY_HELD_BACK',
    text: 'devices are missing in the device registry, and are held until it is sure that this is meant',
  },
  {
    code: 'REGISTRY_NOT_REMEMBERED',
    text: 'device registry: a start cannot compare it with what was served before',
  },
  {
    code: 'REGISTRY_DOUBTFUL',
    text: /^(?:max-ttl bounds connection events|plain passwords are for demonstrations|via names gateways)/,
  },
  {
    code: 'REGISTRY_CHANGE_LOST',
    text: 'a change of the device registry was not handled: a listener failed',
  },
  {
    code: 'REGISTRY_UNREACHABLE',
    text: /^(?:nothing listens at .*: is the device registry running|the device registry at .* refused the credentials|cannot connect to the device registry)/,
  },
  { code: 'REGISTRY_LOST', text: 'connection to the device registry lost' },
  {
    code: 'REGISTRY_ANSWER_UNUSABLE',
    text: /^device registry: (?:an answer cannot be used|a service refuses to answer|a tenant cannot be used|authorities of a tenant cannot be used, and are not trusted)/,
  },
  {
    code: 'REGISTRY_CHANGES_MISSED',
    text: /^changes of the device registry are not heard/,
  },
  { code: 'REGISTRY_CHANGE_UNREADABLE', text: 'a change of the device registry cannot be read' },
  {
    code: 'HASH_UNUSABLE',
    text: 'a stored bcrypt hash is malformed or costs too much: it matches no password',
  },
  { code: 'PASSWORD_THREAD_FAILED', text: 'password thread failed' },
  { code: 'JOURNAL_NOT_WRITTEN', text: 'journal cannot be written: events are kept in memory alone' },
  {
    code: 'JOURNAL_NOT_KEPT',
    text: 'journal cannot be kept: what happens now may not outlive the process; it is tried again',
  },
  { code: 'JOURNAL_BEGUN_ANEW', text: /^a new journal was begun/ },
  {
    code: 'JOURNAL_WRITTEN_AGAIN',
    text: 'journal was written to by others and is consistent: what is in memory is written to it again',
  },
  { code: 'JOURNAL_OLD', text: 'journal may be older than the events that were sent' },
  { code: 'JOURNAL_CLOSED_UNWRITTEN', text: 'journal is closed, and some rows could not be written' },
  { code: 'JOURNAL_LOST_EVENTS', text: 'journal has lost events that were to be sent' },
  { code: 'JOURNAL_SINK_UNKNOWN', text: /^events wait in the journal for a sink that is not configured/ },
  { code: 'SESSIONS_LOST', text: 'an earlier run ended without notice: its sessions are lost' },
  {
    code: 'DIRECTORY_AWAY',
    text: 'connection directory is away: devices are served without it',
  },
  {
    code: 'DIRECTORY_MAY_FORGET',
    text: 'connection directory may drop what it was told: maxmemory-policy must be noeviction',
  },
  {
    code: 'DIRECTORY_REFUSES',
    text: 'connection directory refuses what a fleet needs',
  },
  {
    code: 'DIRECTORY_FOREIGN',
    text: 'what stands in the connection directory is foreign, and is skipped',
  },
  {
    code: 'INSTANCE_DECLARED_DEAD',
    text: 'an instance of the fleet gives no sign of life: it is declared dead, and its connections are ended',
  },
  {
    code: 'INSTANCE_STILL_PUBLISHES',
    text: 'an instance of the fleet gives no sign of life, but still publishes: it is not declared dead',
  },
  {
    code: 'SECOND_SIGNAL_AWAY',
    text: 'no presence service could say whether an instance still publishes: signs of life alone decide',
  },
  {
    code: 'ENDINGS_PUT_OFF',
    text: 'endings of a dead instance could not be told yet',
  },
  {
    code: 'DECLARED_DEAD',
    text: 'this incarnation was declared dead: its connections end, and devices come back to the next one',
  },
  {
    code: 'NETWORK_UNREACHABLE',
    text: /^(?:nothing listens at .*: is the messaging network|host name of .* cannot be resolved|the messaging network at .* refused the credentials|TLS with .* failed|cannot connect to the messaging network)/,
  },
  { code: 'NETWORK_LOST', text: 'connection to the messaging network lost' },
  { code: 'NETWORK_SILENT', text: / gives no outcomes: connecting again$/ },
  { code: 'EVENTS_PUT_OFF', text: 'events are put off by the network: they wait, and are sent again' },
  {
    code: 'EVENTS_PARKED',
    text: 'events were refused, and are parked: they are kept, and sent again at the next start',
  },
  { code: 'EVENT_REFUSED', text: 'event was refused' },
  { code: 'OUTBOX_FULL', text: 'outbox is full: whole connections are left out, and counted' },
  { code: 'EVENTS_UNCONFIRMED', text: 'stopping with events that were not confirmed' },
  {
    code: 'EVENTS_LOST',
    text: 'events are lost: they were not confirmed, and the journal does not have them',
  },
  { code: 'SINK_BROKEN', text: 'event sink broke its contract: deliver() rejected' },
  { code: 'PEERS_TURNED_AWAY', text: 'network connections were closed for want of room' },
  { code: 'REQUESTS_REFUSED', text: /: refused within a minute$/ },
  { code: 'MESSAGE_DROPPED', text: 'an upload is dropped, and its device does not hear of it' },
  { code: 'SERVING_FAILED', text: /^serving (?:a|one) peer failed/ },
  { code: 'LIBRARY_COMPLAINED', text: /^(?:a library complained|libraries printed more than is logged)/ },
  { code: 'LISTENER_FAILED', text: /^(?:listener|health server) failed/ },
  { code: 'FILE_NOT_USED', text: 'changed certificate or secret is not used, the old one stays in use' },
  { code: 'CERTIFICATE_EXPIRED', text: 'the certificate in use has expired' },
  { code: 'RECEIVING_REFUSED', text: / does not let us receive$/ },
  { code: 'HANDLER_FAILED', text: 'message could not be handled and is given back' },
  { code: 'NOT_A_MESSAGE', text: 'what arrived is not a message, and is rejected' },
  {
    code: 'EMBEDDED_NETWORK',
    text: 'this messaging network is for development and tests: it accepts every password',
  },
  { code: 'PEER_CUT_OFF', text: /^peers? (?:was|were) cut off$/ },
  { code: 'QUEUE_FULL', text: /: it is full, \d+ of its oldest messages are dropped by now$/ },
  { code: 'EVENT_NOT_WRITTEN', text: 'event could not be written' },
  {
    code: 'SETTLED_NOT_WRITTEN',
    text: 'what consumers settled could not be written: it is tried again',
  },
  {
    code: 'PRESENCE_DATABASE_AWAY',
    text: 'the database of the presence service cannot be reached, or takes no events: they wait',
  },
  { code: 'PRESENCE_EVENT_LEFT_OUT', text: 'an event cannot be stored, and is left out' },
  {
    code: 'FLEET_NOT_ASKED',
    text: 'the adapters of the fleet could not be asked to announce what is open: it is tried again',
  },
  {
    code: 'AUTH_SERVER_AWAY',
    text: 'the auth server does not let clients of the services log in',
  },
  {
    code: 'REGISTRY_DATABASE_AWAY',
    text: 'the database of the registry cannot be reached: whoever asks is told to come again',
  },
  {
    code: 'REGISTRY_DATABASE_NOT_WRITTEN',
    text: 'the registry cannot write to its database: changes are refused, and everything else is answered',
  },
  { code: 'CHANGES_NOT_TOLD', text: /^changes of the registry could not be told to adapters/ },
  { code: 'PRESENCE_NOT_ATTACHED', text: 'connection events cannot be received' },
];
