import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Timestamp } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { connected, connectionId, disconnected } from '../testing/received.ts';
import { startApi, type ApiUnderTest } from '../testing/start-api.ts';
import { examples } from './examples.ts';
import { openApi } from './open-api.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema?: { readonly type?: string; readonly format?: string };
  }[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, MediaType>> }>>;
}

interface MediaType {
  readonly schema?: object;
  readonly example?: object;
}

/** The description as a client gets it. */
async function served({ get }: ApiUnderTest): Promise<object> {
  const response = await get('/openapi.json');
  expect(response.status).toBe(200);
  return (await response.json()) as object;
}

const ajv = new Ajv2020({ strict: false, formats: { 'date-time': isTime, uri: true } });
ajv.addSchema({ $id: 'api', ...openApi });

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text) && !Number.isNaN(Date.parse(text));
}

function problemsWith(name: string, value: unknown): readonly string[] {
  const validate = ajv.getSchema(`api#/components/schemas/${name}`);
  if (!validate) throw new Error(`there is no schema ${name}`);
  void validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}

const operations = Object.entries(openApi.paths).flatMap(([path, methods]) =>
  Object.entries(methods as Readonly<Record<string, Operation>>).map(([method, operation]) => ({
    path,
    method,
    operation,
  })),
);

describe('the description of the API', () => {
  test('is OpenAPI 3.1', async () => {
    const result = await new Validator().validate({ ...(await served(await startApi())) });
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
  });

  test('names each operation once, and each parameter of a path', () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((each) => each.in === 'path');
      expect(declared.map(({ name }) => name)).toEqual(inPath);
    }
  });

  test('says of each text in path or query how long it may be, and that none may be empty', () => {
    const texts = operations
      .flatMap(({ operation }) => operation.parameters ?? [])
      .flatMap(({ in: place, schema }) => (place === 'header' || !schema ? [] : [schema]))
      .filter(({ type, format }) => type === 'string' && format === undefined);
    expect(texts.length).toBeGreaterThan(5);
    for (const each of texts)
      expect(each).toMatchObject({ minLength: 1, maxLength: expect.any(Number) as number });
  });

  test('has what HTTP itself is answered with', () => {
    for (const { operation } of operations.filter(({ path }) => path.startsWith('/v1/')))
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['408', '421', '431']));
  });

  test('leads to schemas that are there', () => {
    const refs = [...JSON.stringify(openApi).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect(new Set(refs)).toEqual(new Set(Object.keys(openApi.components.schemas)));
  });

  test('has examples that are as it says', () => {
    const media = operations.flatMap(({ operation }) =>
      Object.values(operation.responses).flatMap(({ content = {} }) => Object.values(content)),
    );
    const shown = media.filter(({ example }) => example !== undefined);
    expect(shown.length).toBeGreaterThan(20);
    for (const { schema, example } of shown) {
      const name = (schema as { readonly $ref: string }).$ref.split('/').at(-1) ?? '';
      expect([name, problemsWith(name, example)]).toEqual([name, []]);
    }
    expect(problemsWith('DeviceQuery', examples.query)).toEqual([]);
  });

  test('has paths that are served, with these methods', async () => {
    const { url } = await startApi({ tokens: { check: async () => ({ status: 'refused', why: 'no' }) } });
    for (const { path, method } of operations) {
      const real = path.replaceAll(/\{\w+\}/g, 'x');
      const response = await fetch(url + real, { method });
      expect([path, method, [404, 405].includes(response.status)]).toEqual([path, method, false]);
    }
  });
});

describe('an answer is as the description says:', () => {
  async function given() {
    const api = await startApi();
    const at = (api.clock.now() - 1_000_000) as Timestamp;
    const lease = { kind: 'lease', intervalMs: 600_000, from: 'learned' } as const;
    const ended = connected({ at, connectionId: connectionId(1) });
    await api.store.apply([
      ended,
      disconnected(ended, { raw: { code: 141, text: 'Keep Alive timeout' }, coalesced: 2 }),
      connected({ at: (at + 200_000) as Timestamp, connectionId: connectionId(2), basis: lease, slot: 's' }),
    ]);
    return api;
  }
  const device = '/v1/tenants/acme/devices/thermostat-7';

  test.each([
    [device, 'Device', examples.device],
    ['/v1/tenants/acme/devices/never-seen', 'Device', undefined],
    ['/v1/tenants/acme/devices', 'Devices', examples.devices],
    [`${device}/history`, 'History', examples.history],
    [`${device}/at?time=2026-11-28T11:44:20Z`, 'WasConnected', examples.at],
    [`${device}/at?time=2026-11-28T11:44:50Z`, 'WasConnected', undefined],
    ['/v1/tenants/acme/summary', 'Summary', examples.summary],
    ['/v1/tenants/acme/timeline?from=2026-11-28T11:00:00Z', 'Timeline', examples.timeline],
    ['/v1/tenants/acme/endings', 'Endings', examples.endings],
    ['/v1/tenants/acme/endings?limit=1&reason=buried', 'Endings', undefined],
    ['/v1/tenants', 'Tenants', examples.tenants],
    [`${device}?limit=7`, 'Problem', examples.problem],
    ['/v1/adapters', 'Adapters', undefined],
    ['/nowhere', 'Problem', undefined],
  ])('%s', async (path, schema, example) => {
    const { get } = await given();
    const answer = (await (await get(path)).json()) as object;
    expect(problemsWith(schema, answer)).toEqual([]);
    // What an example shows is there in a real answer too, and has the same name.
    if (example !== undefined) expect(Object.keys(example).filter((key) => !(key in answer))).toEqual([]);
  });

  test('and an answer that is not would be seen', () => {
    expect(problemsWith('Device', { ...examples.device, status: 'gone' })).not.toEqual([]);
    expect(problemsWith('Device', { ...examples.device, 'as-of': undefined })).not.toEqual([]);
  });
});
