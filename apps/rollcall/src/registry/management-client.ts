import { ConfigError } from '@rollcall/core';
import { optional, readOptions } from '@rollcall/options';
import { text } from '@rollcall/options/formats';
import { reasonOf } from '../terminal/terminal.ts';
import type { Named } from './named.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface ManagementAnswer {
  /** Where the registry was asked. */
  readonly from: string;
  readonly status: number;
  /** `undefined`: there is no body, or it is no JSON. */
  readonly json: unknown;
  /** There is a body that is no JSON. */
  readonly isForeign: boolean;
}

/** The management API of a device registry. */
export interface ManagementClient {
  /** @throws Error where there is no answer. */
  ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<ManagementAnswer>;
}

const answerWithinMs = 30_000;
const defaultManagementUrl = 'http://127.0.0.1:28080';

const options = {
  url: optional('REGISTRY_HTTP_URL', text, 'where the management API of the device registry is'),
  token: optional('REGISTRY_HTTP_TOKEN', text, 'bearer token for it', { secret: true }),
  username: optional('REGISTRY_HTTP_USERNAME', text, 'user that logs in there'),
  password: optional('REGISTRY_HTTP_PASSWORD', text, 'its password', { secret: true }),
};
const variables = /^ROLLCALL_REGISTRY_HTTP_(?:URL|TOKEN|USERNAME|PASSWORD)(?:_FILE)?$/;

/** @param url default: that of the environment, or of `up`. @throws ConfigError */
export function managementClient(
  url: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ManagementClient {
  const own = Object.entries(env).filter(([name]) => variables.test(name));
  const { values, problems } = readOptions(options, Object.fromEntries(own));
  if (problems.length > 0) throw new ConfigError(problems);
  const base = baseOf(url ?? values.url ?? defaultManagementUrl);
  const { token, username, password = '' } = values;
  const authorization =
    token === undefined
      ? username === undefined
        ? undefined
        : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
      : `Bearer ${token}`;
  return {
    async ask(method, path, body) {
      const from = base.origin;
      const failed = (error: unknown): never => {
        throw new Error(`${from}: ${reasonOf(error)}`, { cause: error });
      };
      const response = await fetch(new URL(path, base), {
        method,
        headers: {
          ...(authorization !== undefined && { authorization }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // Credentials go to the URL that was given, and to no other.
        redirect: 'error',
        signal: AbortSignal.timeout(answerWithinMs),
      }).catch(failed);
      // The answer may be cut off.
      const answered = await response.text().catch(failed);
      const json = jsonOf(answered);
      return { from, status: response.status, json, isForeign: json === undefined && answered !== '' };
    },
  };
}

/** Path of a tenant, or of a device. */
export function pathOf({ tenant, device }: Named, kind: 'devices' | 'credentials' = 'devices'): string {
  const [t, d] = [encodeURIComponent(tenant), device === undefined ? undefined : encodeURIComponent(device)];
  return d === undefined ? `v1/tenants/${t}` : `v1/${kind}/${t}/${d}`;
}

/** The JSON object in an answer with status 200. @throws Error where it has another status, or no such object */
export function contentOf(answer: ManagementAnswer): Json {
  const { json } = answer;
  if (answer.status !== 200) throw new Error(refusalText(answer));
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error(notTheApi(answer));
  return json as Json;
}

/** The JSON list in an answer with status 200, or in a field of its object. @throws as {@link contentOf} */
export function listOf(answer: ManagementAnswer, field?: string): readonly unknown[] {
  if (answer.status !== 200) throw new Error(refusalText(answer));
  const list = field === undefined ? answer.json : contentOf(answer)[field];
  if (!Array.isArray(list)) throw new Error(notTheApi(answer));
  return list;
}

/** Whether nothing is found. @throws Error where that is said by something else than a registry */
export function isNotFound(answer: ManagementAnswer): boolean {
  if (answer.status !== 404) return false;
  if (answer.isForeign) throw new Error(notTheApi(answer));
  return true;
}

/** A proxy, or another service, may answer at the address. */
function notTheApi({ from, status }: ManagementAnswer): string {
  return `${from} answers ${status}, but not as the management API of a registry does: is the URL right?`;
}

/** What a registry says of a request that it did not do, for people. */
export function refusalText(answer: ManagementAnswer): string {
  const { from, status, json } = answer;
  // None of the statuses that stand for success there.
  if (status < 300) return notTheApi(answer);
  const { error } = (json ?? {}) as { readonly error?: unknown };
  const why = typeof error === 'string' ? `: ${error}` : '';
  if (status === 401)
    return `the registry wants to know who asks: set ROLLCALL_REGISTRY_HTTP_TOKEN, or ROLLCALL_REGISTRY_HTTP_USERNAME and ROLLCALL_REGISTRY_HTTP_PASSWORD`;
  if (status === 413)
    return `it is too large for the registry (ROLLCALL_REGISTRY_HTTP_MAXPAYLOADSIZE there)${why}`;
  return `the registry at ${from} answers ${status}${why}`;
}

function baseOf(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (!base || !/^https?:$/.test(base.protocol) || base.username !== '' || base.password !== '')
    throw new ConfigError([
      'the URL of the registry must be http://host:port, or https://host:port, without a user',
    ]);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
