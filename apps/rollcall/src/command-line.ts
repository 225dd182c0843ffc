import { parseArgs } from 'node:util';
import type { DemoCommand } from './demo.ts';
import type { NetworkCommand } from './network.ts';
import type { TailCommand } from './tail.ts';
import type { UpCommand } from './up.ts';

export type Command =
  | ({ readonly command: 'up' } & UpCommand)
  | ({ readonly command: 'network' } & NetworkCommand)
  | ({ readonly command: 'tail' } & TailCommand)
  | ({ readonly command: 'demo' } & DemoCommand)
  | { readonly command: 'help' | 'version' }
  | { readonly command: 'mistake'; readonly problem: string };

export const usage = `Usage: rollcall <command> [options]

  up        starts everything on this machine and prints connection events
              --port-offset N   moves all ports by N
              --data DIR        where state and logs are kept (default .rollcall)
              --registry FILE   tenants and devices (default: those of the demonstration)
              --json            events as JSON lines on standard output
  tail      follows the connection events of a tenant; takes them from nobody
              --url URL         amqp://host:port of the messaging network (default amqp://127.0.0.1:15672)
              --tenant ID       (default DEFAULT_TENANT)
              --address A       address to receive from, on networks without subscriptions like event/T::name
              --json            events as JSON lines
  demo      an MQTT device that connects, uploads, is killed, and comes back
              --url URL         (default mqtt://127.0.0.1:1883)
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
  tenant: { type: 'string' },
  address: { type: 'string' },
  port: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** Options each command knows. */
const known: Readonly<Record<string, readonly (keyof typeof options)[]>> = {
  up: ['port-offset', 'data', 'registry', 'json'],
  tail: ['url', 'tenant', 'address', 'json'],
  demo: ['url'],
  network: ['port', 'data'],
};

/** Reads the arguments after the program's name. */
export function parseCommand(args: readonly string[]): Command {
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
  if (rest.length > 0) return mistake(`unexpected argument: ${rest.join(' ')}`);
  const foreign = Object.keys(values).find((option) => !allowed.some((each) => each === option));
  if (foreign !== undefined) return mistake(`${name} has no option --${foreign}`);

  switch (name) {
    case 'tail':
      return {
        command: name,
        url: values.url ?? 'amqp://127.0.0.1:15672',
        tenant: values.tenant ?? 'DEFAULT_TENANT',
        json: values.json ?? false,
        address: values.address,
      };
    case 'demo':
      return { command: name, url: values.url ?? 'mqtt://127.0.0.1:1883' };
    case 'network': {
      const port = wholeNumber(values.port ?? '15672', 65_535);
      return port === undefined
        ? mistake('--port must be a number from 0 to 65535')
        : { command: name, port, dataDir: values.data ?? '.rollcall/network' };
    }
    default: {
      // The highest port must stay below 65536.
      const portOffset = wholeNumber(values['port-offset'] ?? '0', 49_000);
      return portOffset === undefined
        ? mistake('--port-offset must be a number from 0 to 49000')
        : {
            command: 'up',
            portOffset,
            dataDir: values.data ?? '.rollcall',
            json: values.json ?? false,
            registry: values.registry,
          };
    }
  }
}

function wholeNumber(text: string, maximum: number): number | undefined {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return value <= maximum ? value : undefined;
}

function mistake(problem: string): Command {
  return { command: 'mistake', problem };
}
