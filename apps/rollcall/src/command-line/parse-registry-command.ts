import type { NetworkName } from '@rollcall/amqp-sender';
import { bcryptCosts } from '@rollcall/device-registry';
import { parseNamed, type Named } from '../registry/named.ts';
import type { RegistryCommand } from '../registry/registry.ts';
import { registryActions } from './actions.ts';

interface RegistryValues {
  readonly served?: string;
  readonly bcrypt?: string;
  readonly file?: string;
  readonly json?: boolean;
  readonly content?: string;
  readonly password?: boolean;
  readonly 'auth-id'?: string;
  readonly yes?: boolean;
}

type Action = (typeof registryActions)[number];

/** Options of each action, beside `--network` of those that read a file for adapters. */
const known: Readonly<Record<Action, readonly string[]>> = {
  check: ['served'],
  accept: [],
  'hash-password': ['bcrypt'],
  list: ['url', 'port-offset', 'file', 'json'],
  show: ['url', 'port-offset', 'file'],
  add: ['url', 'port-offset', 'content', 'password', 'auth-id'],
  remove: ['url', 'port-offset', 'yes'],
  import: ['url', 'port-offset'],
};

/**
 * Reads the arguments after `rollcall registry`. Returns a text when something is wrong with them.
 *
 * @param url of the management API, where the arguments say it.
 */
export function parseRegistryCommand(
  [action = '', ...rest]: readonly string[],
  values: RegistryValues,
  network: NetworkName,
  url?: string,
): RegistryCommand | string {
  // Nobody who expects it is left without a hint.
  if (action === 'export')
    return 'a registry tells no secrets over its API: export at its database, with `device-registry export FILE`';
  const chosen = registryActions.find((each) => each === action);
  if (!chosen) return `registry ${action}: must be one of ${registryActions.join(', ')}`;
  const foreign = Object.keys(values).find((each) => each !== 'network' && !known[chosen].includes(each));
  if (foreign !== undefined) return `registry ${chosen} has no option --${foreign}`;
  const [first, ...more] = rest;
  switch (chosen) {
    case 'hash-password':
      return parseHashPassword(first, values.bcrypt);
    case 'check':
    case 'accept':
    case 'import':
      if (first === undefined || more.length > 0) return `registry ${chosen} needs one file`;
      if (chosen === 'import') return { action: chosen, url, file: first };
      return chosen === 'check'
        ? { action: chosen, file: first, served: values.served, network }
        : { action: chosen, file: first, network };
    case 'list': {
      const source = sourceOf(values, url);
      if (!source) return 'give --file or --url, not both';
      if (more.length > 0 || first?.includes('/') === true) return 'registry list needs one tenant, or none';
      return { action: chosen, source, tenant: first, json: values.json ?? false };
    }
    default: {
      const named = more.length > 0 ? undefined : parseNamed(first ?? '');
      if (!named) return `registry ${chosen} needs TENANT or TENANT/DEVICE`;
      return parseOfNamed(chosen, named, values, url);
    }
  }
}

function parseOfNamed(
  action: 'show' | 'add' | 'remove',
  named: Named,
  values: RegistryValues,
  url: string | undefined,
): RegistryCommand | string {
  switch (action) {
    case 'show': {
      const source = sourceOf(values, url);
      return source ? { action, source, named } : 'give --file or --url, not both';
    }
    case 'remove':
      return values.yes === true
        ? { action, url, named }
        : 'registry remove needs --yes: what is removed is gone, and its connections end';
    case 'add': {
      const { device } = named;
      const hasPassword = values.password === true;
      if (hasPassword && device === undefined) return 'a tenant has no password: name a device';
      if (!hasPassword && values['auth-id'] !== undefined) return '--auth-id goes with --password';
      const authId = hasPassword ? (values['auth-id'] ?? device) : undefined;
      return { action, url, named, content: values.content, authId };
    }
    default:
      return action satisfies never;
  }
}

function sourceOf({ file }: RegistryValues, url: string | undefined) {
  if (file !== undefined && url !== undefined) return undefined;
  return file === undefined ? { url } : { file };
}

function parseHashPassword(
  argument: string | undefined,
  bcrypt: string | undefined,
): RegistryCommand | string {
  if (argument !== undefined) return 'registry hash-password reads standard input, and has no arguments';
  if (bcrypt === undefined) return { action: 'hash-password', bcryptCost: undefined };
  const cost = /^\d{1,2}$/.test(bcrypt) ? Number(bcrypt) : Number.NaN;
  return cost >= bcryptCosts.min && cost <= bcryptCosts.max
    ? { action: 'hash-password', bcryptCost: cost }
    : `--bcrypt must be a number from ${bcryptCosts.min} to ${bcryptCosts.max}`;
}
