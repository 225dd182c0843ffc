import { readFileSync } from 'node:fs';
import { ConfigError } from '@rollcall/core';
import { jsonLine, jsonLines } from '../terminal/terminal.ts';
import { entriesInFile, entryInFile } from './entries-of-file.ts';
import { entriesOf, entryOf, requireThere } from './entries-of-service.ts';
import { importIntoService } from './import-into-service.ts';
import {
  managementClient,
  pathOf,
  refusalText,
  type Json,
  type ManagementClient,
} from './management-client.ts';
import { nameOf, type Named } from './named.ts';

/** What is stored: in a registry file, or in a registry that is asked over its management API. */
type RegistrySource = { readonly file: string } | { readonly url: string | undefined };

export type StoredRegistryCommand =
  | {
      readonly action: 'list';
      readonly source: RegistrySource;
      readonly tenant: string | undefined;
      readonly json: boolean;
    }
  | { readonly action: 'show'; readonly source: RegistrySource; readonly named: Named }
  | {
      readonly action: 'add';
      readonly url: string | undefined;
      readonly named: Named;
      /** JSON file of what is said of it. */
      readonly content: string | undefined;
      /** Under which name the device logs in with the password on standard input; `undefined`: it gets none. */
      readonly authId: string | undefined;
    }
  | { readonly action: 'remove'; readonly url: string | undefined; readonly named: Named }
  | { readonly action: 'import'; readonly url: string | undefined; readonly file: string };

export interface StoredRegistryContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  tell(line: string): void;
  /** The password on standard input. */
  password(): Promise<string>;
}

/** Lines that are written of what was not imported. */
const maxProblems = 50;

/** Resolves with the exit status. @throws Error that says what is wrong */
export async function storedRegistry(
  command: StoredRegistryCommand,
  context: StoredRegistryContext,
): Promise<number> {
  const { tell, env } = context;
  switch (command.action) {
    case 'list':
      for await (const entry of listed(command.source, command.tenant, env))
        tell(command.json ? jsonLine(entry) : lineOf(entry));
      return 0;
    case 'show':
      for (const line of jsonLines(await shown(command.source, command.named, env))) tell(line);
      return 0;
    case 'add':
      return add(command, managementClient(command.url, env), context);
    case 'remove': {
      const client = managementClient(command.url, env);
      const { tenant, device } = command.named;
      // A registry says that the devices of a tenant are gone that it never had.
      if (device !== undefined) await requireThere(client, { tenant });
      await require204(client, 'DELETE', pathOf(command.named));
      tell(`removed ${nameOf(command.named)}`);
      return 0;
    }
    case 'import': {
      const client = managementClient(command.url, env);
      const { tenants, devices, problems } = await importIntoService(command.file, client);
      for (const problem of problems.slice(0, maxProblems)) tell(problem);
      if (problems.length > maxProblems) tell(`and ${problems.length - maxProblems} more`);
      tell(`imported tenants: ${tenants}, devices: ${devices}`);
      return problems.length > 0 ? 1 : 0;
    }
    default:
      return command satisfies never;
  }
}

function listed(
  source: RegistrySource,
  tenant: string | undefined,
  env: StoredRegistryContext['env'],
): AsyncIterable<Json> | Iterable<Json> {
  return 'file' in source
    ? entriesInFile(source.file, tenant)
    : entriesOf(managementClient(source.url, env), tenant);
}

async function shown(source: RegistrySource, named: Named, env: StoredRegistryContext['env']): Promise<Json> {
  return 'file' in source
    ? entryInFile(source.file, named)
    : entryOf(managementClient(source.url, env), named);
}

function lineOf({ id, enabled }: Json): string {
  return `${String(id)}${enabled === false ? '  disabled' : ''}`;
}

async function add(
  { named, content, authId }: Extract<StoredRegistryCommand, { action: 'add' }>,
  client: ManagementClient,
  { tell, password }: StoredRegistryContext,
): Promise<number> {
  const body = content === undefined ? {} : jsonIn(content);
  // Before anything is written: a device without its password would have to be removed again.
  const secret = authId === undefined ? undefined : await password();
  const created = await client.ask('POST', pathOf(named), body);
  if (created.status !== 201) throw new Error(`${nameOf(named)}: ${refusalText(created)}`);
  tell(`added ${nameOf(named)}`);
  if (secret === undefined) return 0;
  const credentials = [{ type: 'hashed-password', 'auth-id': authId, secrets: [{ 'pwd-plain': secret }] }];
  await require204(client, 'PUT', pathOf(named, 'credentials'), credentials);
  tell(`it logs in as ${authId}@${named.tenant}`);
  return 0;
}

async function require204(
  client: ManagementClient,
  method: 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<void> {
  const answer = await client.ask(method, path, body);
  if (answer.status !== 204) throw new Error(refusalText(answer));
}

function jsonIn(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : (error as Error).message;
    throw new ConfigError([`${file}: ${why}`]);
  }
}
