import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { networkPresets, type NetworkName } from '@rollcall/amqp-sender';
import type { BuryCommand } from './bury.ts';
import type { DemoCommand } from './demo.ts';
import type { DevicesCommand } from './devices.ts';
import type { JournalCommand } from './journal.ts';
import type { NetworkCommand } from './network.ts';
import { networkPort } from './ports.ts';
import { parseJournalCommand } from './parse-journal-command.ts';
import { parseBuryCommand } from './parse-bury-command.ts';
import { parseWatched } from './parse-watched.ts';
import { parseRegistryCommand } from './parse-registry-command.ts';
import type { RegistryCommand } from './registry.ts';
import type { TailCommand } from './tail.ts';
import type { UpCommand } from './up.ts';

export type Command =
  | ({ readonly command: 'up' } & UpCommand)
  | ({ readonly command: 'network' } & NetworkCommand)
  | ({ readonly command: 'tail' } & TailCommand)
  | ({ readonly command: 'devices' } & DevicesCommand)
  | ({ readonly command: 'demo' } & DemoCommand)
  | ({ readonly command: 'journal' } & JournalCommand)
  | ({ readonly command: 'bury' } & BuryCommand)
  | ({ readonly command: 'registry' } & RegistryCommand)
  | { readonly command: 'help' | 'version' }
  | { readonly command: 'mistake'; readonly problem: string };

const networkKinds = Object.keys(networkPresets);

export const usage = `Usage: rollcall <command> [options]

  up        starts everything on this machine and prints connection events
              --port-offset N   moves all ports by N
              --data DIR        where state and logs are kept (default .rollcall)
              --registry FILE   tenants and devices (default: those of the demonstration)
              --json            events as JSON lines on standard output
  devices   who is online, since when and over what; who left when and why
              the options of tail, and
              --once            prints who is known, and ends; --wait SECONDS listens so long before (default 10)
              --online          only who is online
  tail      follows the connection events of tenants; takes them from nobody, and leaves nothing behind
              --url URL         amqp://host:port of the messaging network (default amqp://127.0.0.1:15672)
              --port-offset N   that of \`up\`, instead of --url
              --network KIND    of the messaging network: ${networkKinds.join(', ')} (default hono)
              --tenant ID       more than once for several (default DEFAULT_TENANT)
              --queue NAME      a queue that was declared for this, on networks without subscriptions (RabbitMQ)
              --drop-others     takes out of that queue, which is your own, what is no connection event
              --address A       address to receive from; of a queue, events are taken from its other consumers
              the rest is read from ROLLCALL_MESSAGING_… as adapters have it: host, credentials, TLS, virtual host
              --json            events as JSON lines
  demo      MQTT and HTTP devices that connect, upload, are killed, come back, fall silent, and leave
              --port-offset N   that of \`up\`
  journal   what an adapter has still to tell; FILE… are journals (default: those of \`up\`)
              status [FILE…]        what waits, is parked, is open
              list [FILE…]          each event that is not confirmed; --json for programs
              retry-parked [FILE…]  sends what waits and what was refused; not while an adapter runs on it
              backup FILE TARGET    a whole copy, also while an adapter runs on it
              discard FILE --sink NAME --yes   what waits for a sink that is gone; not while an adapter runs on it
              --data DIR, --url URL, --port-offset N   those of \`up\` and tail
              --network KIND    and ROLLCALL_MESSAGING_…, as for tail; addresses as the adapter had them
  bury      ends what an adapter had open that never comes back: bury ADAPTER-ID; not while it is heard
              --journal FILE    its journal (default: that of \`up\`)
              --table FILE      where the journal is lost too: lines that \`devices --json\` printed
              --wait SECONDS    listens for it so long before (default 10); --queue NAME where, with --drop-others as for tail;
                                --unheard: not at all
              --data DIR, --url URL, --port-offset N, --network KIND   those of journal
  registry  what is to be known of a registry file
              check FILE        whether an adapter takes it, all that is wrong with it, and what is in it
              --served FILE     and what changes where this one is served now
              --network KIND    the messaging network that must carry its tenants (default hono)
              accept FILE       what is missing in it is missing on purpose: adapters hold nothing back
              hash-password     reads a password from standard input, and writes a secret for the file
              --bcrypt COST     with bcrypt (4 to 12) instead of SHA-512
  network   the embedded messaging network alone, for development
              --port N          (default 15672)
              --data DIR        where events are kept (default .rollcall/network)

  --help, --version
`;

const options = {
  'port-offset': { type: 'string' },
  data: { type: 'string' },
  registry: { type: 'string' },
  json: { type: 'boolean' },
  url: { type: 'string' },
  tenant: { type: 'string', multiple: true },
  queue: { type: 'string' },
  'drop-others': { type: 'boolean' },
  online: { type: 'boolean' },
  once: { type: 'boolean' },
  wait: { type: 'string' },
  unheard: { type: 'boolean' },
  address: { type: 'string' },
  port: { type: 'string' },
  journal: { type: 'string' },
  table: { type: 'string' },
  served: { type: 'string' },
  bcrypt: { type: 'string' },
  network: { type: 'string' },
  sink: { type: 'string' },
  yes: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** Options each command knows. */
const known: Readonly<Record<string, readonly (keyof typeof options)[]>> = {
  up: ['port-offset', 'data', 'registry', 'json'],
  tail: ['url', 'port-offset', 'network', 'tenant', 'address', 'queue', 'drop-others', 'json'],
  devices: [
    'url',
    'port-offset',
    'network',
    'tenant',
    'address',
    'queue',
    'drop-others',
    'json',
    'online',
    'once',
    'wait',
  ],
  demo: ['port-offset'],
  network: ['port', 'data'],
  journal: ['data', 'url', 'port-offset', 'network', 'json', 'sink', 'yes'],
  bury: [
    'data',
    'url',
    'port-offset',
    'network',
    'journal',
    'table',
    'queue',
    'drop-others',
    'wait',
    'unheard',
  ],
  registry: ['served', 'network', 'bcrypt'],
};
const withArguments: ReadonlySet<string> = new Set(['journal', 'bury', 'registry']);

/**
 * Reads the arguments after the program's name.
 *
 * @param hasNetwork whether the environment says where the messaging network is.
 */
export function parseCommand(args: readonly string[], hasNetwork = false): Command {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    return mistake(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help) return { command: 'help' };
  if (values.version) return { command: 'version' };
  const [name = '', ...rest] = positionals;
  const allowed = Object.hasOwn(known, name) ? known[name] : undefined;
  if (!allowed) return mistake(name === '' ? 'a command is missing' : `unknown command: ${name}`);
  if (rest.length > 0 && !withArguments.has(name)) return mistake(`unexpected argument: ${rest.join(' ')}`);
  const foreign = Object.keys(values).find((option) => !allowed.some((each) => each === option));
  if (foreign !== undefined) return mistake(`${name} has no option --${foreign}`);

  // The highest port must stay below 65536.
  const portOffset = wholeNumber(values['port-offset'] ?? '0', 49_000);
  if (portOffset === undefined) return mistake('--port-offset must be a number from 0 to 49000');
  const inEnvironment = hasNetwork && values['port-offset'] === undefined;
  const url = values.url ?? (inEnvironment ? undefined : `amqp://127.0.0.1:${networkPort(portOffset)}`);
  const kind = values.network;
  if (kind !== undefined && !isNetworkKind(kind))
    return mistake(`--network must be one of ${networkKinds.join(', ')}`);
  if (name === 'registry') {
    const read = parseRegistryCommand(rest, values, kind ?? 'hono');
    return typeof read === 'string' ? mistake(read) : { command: name, ...read };
  }
  const dataDir = values.data ?? '.rollcall';
  const journalDirectory = join(dataDir, 'journal');
  switch (name) {
    case 'tail':
    case 'devices': {
      const read = parseWatched(values, { url, network: kind });
      if (typeof read === 'string') return mistake(read);
      if (name === 'devices') return { command: name, ...read };
      const { online: _online, onceAfterMs: _onceAfterMs, ...tail } = read;
      return { command: name, ...tail };
    }
    case 'demo':
      return { command: name, portOffset };
    case 'network': {
      const port = wholeNumber(values.port ?? String(networkPort(0)), 65_535);
      return port === undefined
        ? mistake('--port must be a number from 0 to 65535')
        : { command: name, port, dataDir: values.data ?? '.rollcall/network' };
    }
    case 'journal': {
      const read = parseJournalCommand(rest, values, journalDirectory, { url, network: kind });
      return typeof read === 'string' ? mistake(read) : { command: name, ...read };
    }
    case 'bury': {
      const read = parseBuryCommand(rest, values, journalDirectory, { url, network: kind });
      return typeof read === 'string' ? mistake(read) : { command: name, ...read };
    }
    default:
      return {
        command: 'up',
        portOffset,
        dataDir,
        json: values.json ?? false,
        registry: values.registry,
      };
  }
}

function isNetworkKind(text: string): text is NetworkName {
  return Object.hasOwn(networkPresets, text);
}

function wholeNumber(text: string, maximum: number): number | undefined {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return value <= maximum ? value : undefined;
}

function mistake(problem: string): Command {
  return { command: 'mistake', problem };
}
