import { ConfigError } from '@rollcall/core';
import { optional, readOptions } from '@rollcall/options';
import { text } from '@rollcall/options/formats';
import type { Named } from './named.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface ManagementAnswer {
  readonly status: number;
  /** `undefined`: there is no body, or it is no JSON. */
  readonly json: unknown;
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
      }).catch((error: unknown) => {
        throw new Error(`${base.origin}: ${reasonOf(error)}`, { cause: error });
      });
      return { status: response.status, json: jsonOf(await response.text()) };
    },
  };
}

/** Path of a tenant, or of a device. */
export function pathOf({ tenant, device }: Named, kind: 'devices' | 'credentials' = 'devices'): string {
  const [t, d] = [encodeURIComponent(tenant), device === undefined ? undefined : encodeURIComponent(device)];
  return d === undefined ? `v1/tenants/${t}` : `v1/${kind}/${t}/${d}`;
}

/** What a registry says of a request that it did not do, for people. */
export function refusalText({ status, json }: ManagementAnswer): string {
  const { error } = (json ?? {}) as { readonly error?: unknown };
  const why = typeof error === 'string' ? `: ${error}` : '';
  if (status === 401)
    return `the registry wants to know who asks: set ROLLCALL_REGISTRY_HTTP_TOKEN, or ROLLCALL_REGISTRY_HTTP_USERNAME and ROLLCALL_REGISTRY_HTTP_PASSWORD`;
  if (status === 413)
    return `it is too large for the registry (ROLLCALL_REGISTRY_HTTP_MAXPAYLOADSIZE there)${why}`;
  return `the registry answers ${status}${why}`;
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

/** What `fetch` knows of a failure stands in its cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as { readonly cause?: unknown; readonly message?: string };
  return cause instanceof Error && cause.message !== '' ? cause.message : (message ?? String(error));
}
