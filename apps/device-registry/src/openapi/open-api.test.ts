import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { allowedMethods } from '../management/http/allowed-methods.ts';
import { malformed } from '../management/http/create-app.ts';
import { givenApi } from '../testing/given-api.ts';
import { examples } from './examples.ts';
import { openApi } from './open-api.ts';

interface Media {
  readonly schema?: { readonly $ref: string };
  readonly example?: unknown;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

const ajv = new Ajv2020({ strict: false, formats: { 'date-time': isTime } });
ajv.addSchema({ $id: 'api', ...openApi });

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && !Number.isNaN(Date.parse(text));
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
    const { ask } = await givenApi();
    const { status, json } = await ask('GET', '/openapi.json');
    expect(status).toBe(200);
    const result = await new Validator().validate({ ...(json as object) });
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

  test('has the paths and methods that are served, and no other', () => {
    for (const path of Object.keys(openApi.paths)) {
      const described = operations
        .filter((each) => each.path === path)
        .map(({ method }) => method.toUpperCase());
      const served = allowedMethods(path.replaceAll(/\{\w+\}/g, 'x'))?.filter((method) => method !== 'HEAD');
      expect([path, described.toSorted()]).toEqual([path, served?.toSorted()]);
    }
  });

  test('has what HTTP itself is answered with', () => {
    const ofHttp = Object.values(malformed).map(([status]) => status);
    const ofTheApi = operations.filter(({ path }) => path.startsWith('/v1/'));
    for (const { operation } of ofTheApi)
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining([...ofHttp, 421].map(String)));
  });

  test('leads to schemas that are there', () => {
    const refs = [...JSON.stringify(openApi).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect(new Set(refs)).toEqual(new Set(Object.keys(openApi.components.schemas)));
  });

  test('has examples that are as it says', () => {
    const media = operations.flatMap(({ operation: { responses, requestBody } }) =>
      [...Object.values(responses), ...(requestBody ? [requestBody] : [])].flatMap(({ content = {} }) =>
        Object.values(content),
      ),
    );
    const shown = media.filter(({ example }) => example !== undefined);
    expect(shown.length).toBeGreaterThan(30);
    for (const { schema, example } of shown) {
      const name = schema?.$ref.split('/').at(-1) ?? '';
      expect([name, problemsWith(name, example)]).toEqual([name, []]);
    }
  });
});

test('what the examples show can be written, and what is read then is as the description says', async () => {
  const { ask } = await givenApi();
  const written = [
    await ask('POST', '/v1/tenants/acme', examples.tenant),
    await ask('POST', '/v1/devices/acme/thermostat-7', examples.device),
    await ask('PUT', '/v1/credentials/acme/thermostat-7', examples.credentials),
  ];
  expect(written.map(({ status }) => status)).toEqual([201, 201, 204]);
  expect(problemsWith('Created', written[0]?.json)).toEqual([]);
  for (const [path, schema] of [
    ['/v1/tenants/acme', 'Tenant'],
    ['/v1/tenants', 'FoundTenants'],
    ['/v1/devices/acme/thermostat-7', 'Device'],
    ['/v1/devices/acme', 'FoundDevices'],
    ['/v1/credentials/acme/thermostat-7', 'Credentials'],
    ['/v1/devices/acme/other', 'Fault'],
    ['/v1/tenants?pageSize=-1', 'Fault'],
  ] as const)
    expect([path, problemsWith(schema, (await ask('GET', path)).json)]).toEqual([path, []]);
});

test('what the description forbids is refused', async () => {
  const { ask } = await givenApi();
  for (const wrong of [{ unknown: 1 }, { alias: 'A' }, { adapters: [] }, { 'minimum-message-size': -1 }]) {
    expect(problemsWith('Tenant', wrong)).not.toEqual([]);
    expect((await ask('POST', '/v1/tenants/acme', wrong)).status).toBe(400);
  }
});
