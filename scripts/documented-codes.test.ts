import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// Each code with which an adapter ends a connection over a breach of the protocol is in a README.

const root = fileURLToPath(new URL('..', import.meta.url));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

test('the README of the MQTT adapter has each code that its files give to a breach of the protocol', () => {
  const folder = 'apps/mqtt-adapter/src';
  const codes = new Map(
    [...textOf(`${folder}/reason-codes.ts`).matchAll(/(\w+): 0x([\da-f]{2}),/g)].map(
      ([, name = '', hex = '']) => [name, `0x${hex.toUpperCase()}`],
    ),
  );
  const given = [
    'protocol-violations.ts',
    'packet-signals.ts',
    'device-uploads.ts',
    'device-connection.ts',
    'aedes/strict-parser.ts',
  ].flatMap((file) =>
    [...textOf(`${folder}/${file}`).matchAll(/reasonCodes\.(\w+)/g)].map(([, name = '']) => codes.get(name)),
  );
  expect(new Set(given).size).toBeGreaterThan(5);
  const [, section = ''] =
    /^## When a device is connected\n([^]*?)^## /m.exec(textOf('apps/mqtt-adapter/README.md')) ?? [];
  expect(given.filter((code) => code === undefined || !section.includes(code))).toEqual([]);
});

test('the README of the frame guard has each condition that the guard gives', () => {
  const [, union = ''] =
    /export type Condition =([^;]*);/.exec(textOf('packages/amqp-frame-guard/src/malformed.ts')) ?? [];
  const conditions = [...union.matchAll(/'([^']+)'/g)].map(([, condition = '']) => condition);
  expect(conditions.length).toBeGreaterThan(5);
  const readme = textOf('packages/amqp-frame-guard/README.md');
  expect(conditions.filter((condition) => !readme.includes(`\`${condition}\``))).toEqual([]);
});
