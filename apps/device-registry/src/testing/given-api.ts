import { createServer } from 'node:http';
import { ManualClock } from '@rollcall/conformance';
import { everything } from '@rollcall/http-service/grants';
import { onTestFinished } from 'vitest';
import { loadRegistryConfig } from '../config.ts';
import { createApp } from '../management/http/create-app.ts';
import type { ManagementContext } from '../management/http/management-context.ts';
import { managementTurns } from '../management/start-management.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly etag: string;
  readonly text: string;
  /** `undefined`: there is no body. */
  readonly json: unknown;
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS' | 'PATCH';

export interface ApiUnderTest {
  readonly clock: ManualClock;
  readonly store: SqliteStore;
  readonly failures: unknown[];
  /** @param body an object is sent as JSON, with its content type; a text is sent unchanged, without a type. */
  ask(
    method: Method,
    path: string,
    body?: object | string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
}

/** The management API over a database in memory. Passwords are marked instead of hashed. */
export async function givenApi(given: Partial<ManagementContext> = {}): Promise<ApiUnderTest> {
  const clock = new ManualClock('2026-11-29T12:00:00.000Z');
  const store = new SqliteStore({ file: ':memory:', maxDevicesPerTenant: -1 });
  const failures: unknown[] = [];
  const { values } = loadRegistryConfig({ ROLLCALL_REGISTRY_HTTP_AUTHENTICATIONREQUIRED: 'false' });
  const { usernamePattern, tenantIdPattern, deviceIdPattern, maxBodyBytes } = values;
  const context: ManagementContext = {
    ...{ clock, store, tenantIdPattern, deviceIdPattern, maxBodyBytes },
    access: { check: async () => ({ status: 'granted', grant: everything }) },
    turns: managementTurns(),
    hasher: { hash: async (_owner, password, cost) => `hash of ${password}, ${cost}` },
    rules: { usernamePattern, maxBcryptCost: 4, hashCost: 4, hashFunctions: [] },
    allowedOrigin: undefined,
    open: false,
    failed: (_where, error) => void failures.push(error),
    ...given,
  };
  const health = {
    started: () => [],
    readiness: () => [],
    metrics: async () => ({ contentType: 'text/plain', text: 'rollcall_registry_requests_waiting 0\n' }),
  };
  const app = await createApp(context, health, (handler) => createServer(handler));
  onTestFinished(async () => {
    await app.close();
    await store.close();
  });
  return {
    ...{ clock, store, failures },
    async ask(method, path, body, headers = {}) {
      const isObject = typeof body === 'object';
      const response = await app.inject({
        method,
        url: path,
        headers: { host: 'localhost', ...(isObject && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { payload: isObject ? JSON.stringify(body) : body }),
      });
      const { body: text } = response;
      const { etag } = response.headers;
      const isJson = String(response.headers['content-type']).startsWith('application/json');
      return {
        ...{ status: response.statusCode, headers: response.headers, text },
        etag: typeof etag === 'string' ? etag : '',
        json: text === '' || !isJson ? undefined : (JSON.parse(text) as unknown),
      };
    },
  };
}
