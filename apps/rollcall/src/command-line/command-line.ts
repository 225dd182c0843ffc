import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { NetworkName } from '@rollcall/amqp-sender';
import { networkPresets } from '@rollcall/amqp-sender/internal';
import type { BuryCommand } from '../journal/bury.ts';
import type { DemoCommand } from '../up/demo.ts';
import type { DevicesCommand } from '../devices/devices.ts';
import type { EndingsCommand } from '../devices/endings.ts';
import type { FleetCommand } from '../fleet/fleet.ts';
import type { JournalCommand } from '../journal/journal.ts';
import type { NetworkCommand } from '../network/network.ts';
import { networkPort, registryPort } from '../adapters/ports.ts';
import { parseJournalCommand } from './parse-journal-command.ts';
import { parseBuryCommand } from './parse-bury-command.ts';
import { parseWatched } from './parse-watched.ts';
import { parseEndings, type EndingsValues } from './parse-endings.ts';
import { parseRegistryCommand } from './parse-registry-command.ts';
import type { RegistryCommand } from '../registry/registry.ts';
import type { TailCommand } from '../events/tail.ts';
import type { UpCommand } from '../up/up.ts';

export type Command =
  | ({ readonly command: 'up' } & UpCommand)
  | ({ readonly command: 'network' } & NetworkCommand)
  | ({ readonly command: 'tail' } & TailCommand)
  | ({ readonly command: 'devices' } & DevicesCommand)
  | ({ readonly command: 'endings' } & EndingsCommand)
  | ({ readonly command: 'fleet' } & FleetCommand)
  | ({ readonly command: 'demo' } & DemoCommand)
  | ({ readonly command: 'journal' } & JournalCommand)
  | ({ readonly command: 'bury' } & BuryCommand)
  | ({ readonly command: 'registry' } & RegistryCommand)
  | { readonly command: 'help' | 'version' }
  | { readonly command: 'mistake'; readonly problem: string };

const networkKinds = Object.keys(networkPresets);

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
  'presence-url': { type: 'string' },
  once: { type: 'boolean' },
  wait: { type: 'string' },
  reason: { type: 'string' },
  within: { type: 'string' },
  unheard: { type: 'boolean' },
  address: { type: 'string' },
  port: { type: 'string' },
  journal: { type: 'string' },
  table: { type: 'string' },
  served: { type: 'string' },
  bcrypt: { type: 'string' },
  file: { type: 'string' },
  content: { type: 'string' },
  password: { type: 'boolean' },
  'auth-id': { type: 'string' },
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
    'presence-url',
  ],
  endings: ['presence-url', 'port-offset', 'tenant', 'reason', 'within', 'json'],
  fleet: ['json'],
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
  registry: [
    'served',
    'network',
    'bcrypt',
    'url',
    'port-offset',
    'file',
    'json',
    'content',
    'password',
    'auth-id',
    'yes',
  ],
};
const withArguments: ReadonlySet<string> = new Set(['journal', 'bury', 'registry']);

/**
 * Reads the arguments after the program's name.
 *
 * @param hasNetwork whether the environment says where the messaging network is.
 * @param presenceUrl of the presence service, as the environment names it.
 */
export function parseCommand(args: readonly string[], hasNetwork = false, presenceUrl?: string): Command {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    return mistake(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help || positionals[0] === 'help') return { command: 'help' };
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
  if (name === 'endings') return endingsCommand(values, presenceUrl, portOffset);
  if (name === 'registry') {
    const managementUrl =
      values['port-offset'] === undefined ? undefined : `http://127.0.0.1:${registryPort(portOffset)}`;
    const read = parseRegistryCommand(rest, values, kind ?? 'hono', values.url ?? managementUrl);
    return typeof read === 'string' ? mistake(read) : { command: name, ...read };
  }
  const dataDir = values.data ?? '.rollcall';
  const journalDirectory = join(dataDir, 'journal');
  switch (name) {
    case 'tail':
    case 'devices': {
      const isNetworkNamed = ['url', 'port-offset', 'network', 'address', 'queue'].some(
        (each) => each in values,
      );
      const fromService =
        name === 'devices' && !isNetworkNamed && presenceUrl !== undefined
          ? { 'presence-url': presenceUrl }
          : {};
      const read = parseWatched({ ...fromService, ...values }, { url, network: kind });
      if (typeof read === 'string') return mistake(read);
      if (name === 'devices') return { command: name, ...read };
      const { online: _online, onceAfterMs: _onceAfterMs, ...tail } = read;
      return { command: name, ...tail };
    }
    case 'fleet':
      return { command: name, json: values.json ?? false };
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

function endingsCommand(
  values: EndingsValues & { readonly 'port-offset'?: string },
  presenceUrl: string | undefined,
  portOffset: number,
): Command {
  const read = parseEndings(
    values,
    values['port-offset'] === undefined ? presenceUrl : undefined,
    portOffset,
  );
  return typeof read === 'string' ? mistake(read) : { command: 'endings', ...read };
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
