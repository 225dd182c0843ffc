import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  examplesOf,
  isUtcTime,
  openApiProblems,
  operationsOf,
  schemaCheck,
} from '@rollcall/http-service/testing';
import { describe, expect, test } from 'vitest';
import { allowedMethods } from '../management/http/allowed-methods.ts';
import { malformed } from '../management/http/create-app.ts';
import { givenApi } from '../testing/given-api.ts';
import { examples } from './examples.ts';
import { openApi } from './open-api.ts';

/** As Hono writes times: in whole seconds. */
const isHonoTime = (text: string): boolean => isUtcTime(text) && !text.includes('.');
const ajv = new Ajv2020({ strict: false, formats: { 'date-time': isHonoTime } });
const problemsWith = schemaCheck(openApi, ajv);
const operations = operationsOf(openApi);

describe('the description of the API', () => {
  test('is valid OpenAPI 3.1 when it is served', async () => {
    const { ask } = await givenApi();
    const { status, json } = await ask('GET', '/openapi.json');
    expect(status).toBe(200);
    const { errors = [], valid } = await new Validator().validate({ ...(json as object) });
    expect({ errors, valid }).toEqual({ errors: [], valid: true });
  });

  test('has no contradictions, and its examples match their schemas', () => {
    expect(examplesOf(operations).length).toBeGreaterThan(30);
    expect(openApiProblems(openApi, problemsWith)).toEqual([]);
  });

  test('has the paths and methods that are served, and no others', () => {
    for (const path of Object.keys(openApi.paths)) {
      const described = operations
        .filter((each) => each.path === path)
        .map(({ method }) => method.toUpperCase());
      const served = allowedMethods(path.replaceAll(/\{\w+\}/g, 'x'))?.filter((method) => method !== 'HEAD');
      expect([path, described.toSorted()]).toEqual([path, served?.toSorted()]);
    }
  });

  test('has the answers to malformed requests', () => {
    const ofHttp = Object.values(malformed).map(([status]) => status);
    const ofTheApi = operations.filter(({ path }) => path.startsWith('/v1/'));
    for (const { operation } of ofTheApi)
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining([...ofHttp, 421].map(String)));
  });
});

test('the examples can be written, and the answers to reads match their schemas', async () => {
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

test('a content that the description forbids is refused', async () => {
  const { ask } = await givenApi();
  for (const wrong of [{ unknown: 1 }, { alias: 'A' }, { adapters: [] }, { 'minimum-message-size': -1 }]) {
    expect(problemsWith('Tenant', wrong)).not.toEqual([]);
    expect((await ask('POST', '/v1/tenants/acme', wrong)).status).toBe(400);
  }
});
