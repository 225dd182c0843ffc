import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { disconnectReasons } from '@rollcall/core/events';
import { encodeEvent } from './encode-event.ts';
import { eventBodySchema } from './event-body-schema.ts';
import { goldenEvents } from '../fixtures/golden-events.ts';

// The documents say what is sent, or these fail.

const docs = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const fixture = (name: string): object =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as object;

interface Document {
  readonly components: {
    readonly schemas: Readonly<
      Record<string, { readonly properties?: object; readonly required?: readonly string[] }>
    >;
    readonly messages: Readonly<
      Record<string, { readonly examples?: readonly { readonly name: string; readonly payload: object }[] }>
    >;
  };
}
const asyncApi = parse(docs('asyncapi.yaml')) as Document;

test('asyncapi.yaml is a valid AsyncAPI 3.1 document', () => {
  const schema = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.1.0-without-$id.json') as object;
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
  expect(validate(asyncApi), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
});

test('asyncapi.yaml has the schema that bodies are checked against', () => {
  expect(asyncApi.components.schemas['connectionEventBody']).toEqual(
    JSON.parse(JSON.stringify(eventBodySchema)),
  );
});

test('the examples of asyncapi.yaml are what is really sent', () => {
  const examples = Object.values(asyncApi.components.messages).flatMap((message) => message.examples ?? []);
  expect(examples.length).toBeGreaterThan(2);
  for (const { name, payload } of examples) expect(payload).toEqual(fixture(name));
});

test('asyncapi.yaml names every application property of a connection event', () => {
  const { properties = {}, required = [] } = asyncApi.components.schemas['connectionEventProperties'] ?? {};
  const { event, tenant } = goldenEvents['mqtt-connected'];
  const message = Buffer.from(encodeEvent(event, tenant)).toString('latin1');
  for (const name of Object.keys(properties)) expect(message.includes(name)).toBe(required.includes(name));
});

test('events-api.md names exactly the reasons there are, with initiator and cleanness', () => {
  const [, section = ''] = docs('events-api.md').split('\n## Reasons\n');
  const rows = [
    ...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([a-z-]+)` +\| (\w+) +\| (yes|no) +\|/gm),
  ];
  const told = Object.fromEntries(
    rows.map(([, reason = '', initiator, clean]) => [reason, { initiator, clean: clean === 'yes' }]),
  );
  expect(told).toEqual(disconnectReasons);
});

test('the example in events-api.md is what is really sent', () => {
  const [, json = ''] = /```json\n(.*?)```/s.exec(docs('events-api.md')) ?? [];
  expect(JSON.parse(json)).toEqual(fixture('mqtt-keepalive-timeout'));
});

test('events-api.md has a row for every field of the body', () => {
  const text = docs('events-api.md');
  for (const name of ['mqtt-keepalive-timeout', 'coalesced'])
    for (const field of Object.keys((fixture(name) as { data: object }).data))
      expect(text).toContain(`\`${field}\``);
});
