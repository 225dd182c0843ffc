import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Timestamp } from '@rollcall/core';
import {
  examplesOf,
  isUtcTime,
  openApiProblems,
  operationsOf,
  schemaCheck,
} from '@rollcall/http-service/testing';
import { describe, expect, test } from 'vitest';
import { connected, connectionId, disconnected } from '../testing/received.ts';
import { startApi } from '../testing/start-api.ts';
import { examples } from './examples.ts';
import { openApi } from './open-api.ts';

const ajv = new Ajv2020({ strict: false, formats: { 'date-time': isUtcTime, uri: true } });
const problemsWith = schemaCheck(openApi, ajv);
const operations = operationsOf(openApi);

describe('the description of the API', () => {
  test('is valid OpenAPI 3.1 when it is served', async () => {
    const response = await (await startApi()).get('/openapi.json');
    expect(response.status).toBe(200);
    const { errors = [], valid } = await new Validator().validate({ ...((await response.json()) as object) });
    expect({ errors, valid }).toEqual({ errors: [], valid: true });
  });

  test('has no contradictions, and its examples match their schemas', () => {
    expect(examplesOf(operations).length).toBeGreaterThan(20);
    expect(openApiProblems(openApi, problemsWith)).toEqual([]);
    expect(problemsWith('DeviceQuery', examples.query)).toEqual([]);
  });

  test('bounds the length of each text in a path or a query', () => {
    const texts = operations
      .flatMap(({ operation }) => operation.parameters ?? [])
      .flatMap(({ in: place, schema }) => (place === 'header' || !schema ? [] : [schema]))
      .filter(({ type, format }) => type === 'string' && format === undefined);
    expect(texts.length).toBeGreaterThan(5);
    for (const each of texts)
      expect(each).toMatchObject({ minLength: 1, maxLength: expect.any(Number) as number });
  });

  test('has the answers to malformed requests', () => {
    for (const { operation } of operations.filter(({ path }) => path.startsWith('/v1/')))
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['408', '421', '431']));
  });

  test('has only paths and methods that are served', async () => {
    const { url } = await startApi({ tokens: { check: async () => ({ status: 'refused', why: 'no' }) } });
    for (const { path, method } of operations) {
      const real = path.replaceAll(/\{\w+\}/g, 'x');
      const response = await fetch(url + real, { method });
      expect([path, method, [404, 405].includes(response.status)]).toEqual([path, method, false]);
    }
  });
});

describe('an answer matches its schema:', () => {
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

  test('a wrong answer does not match', () => {
    expect(problemsWith('Device', { ...examples.device, status: 'gone' })).not.toEqual([]);
    expect(problemsWith('Device', { ...examples.device, 'as-of': undefined })).not.toEqual([]);
  });
});
