import { expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import * as script from './check-imports.mjs';

const { importProblems, folderCycles } = script as {
  importProblems(path: string, text: string, isAdapter: (folder: string) => boolean): readonly string[];
  folderCycles(texts: ReadonlyMap<string, string>): readonly string[];
};

const isAdapter = (folder: string): boolean => folder === 'apps/foo-adapter';

test.each([
  ['pino', 'packages/core/src/log.ts', "import { pino } from 'pino';"],
  ['pino as a type', 'apps/foo-adapter/src/run.ts', "import type { Logger } from 'pino';"],
  ['pino, re-exported', 'packages/client/src/index.ts', "export { pino } from 'pino';"],
  ['rhea', 'packages/client/src/consume.ts', "import rhea from 'rhea';"],
  ['a file of rhea', 'packages/client/src/consume.ts', "import message from 'rhea/lib/message.js';"],
  ['rhea over two lines', 'packages/client/src/a.ts', "import {\n  types,\n} from 'rhea';"],
  ['rhea-promise', 'packages/messaging-network/src/a.ts', "import { Connection } from 'rhea-promise';"],
  ['aedes', 'apps/http-adapter/src/adapter.ts', "import { Aedes } from 'aedes';"],
  ['fastify', 'apps/coap-adapter/src/adapter.ts', "const { fastify } = await import('fastify');"],
  ['prom-client', 'packages/outbox/src/delivery/outbox.ts', "import { Counter } from 'prom-client';"],
  ['a sink', 'apps/foo-adapter/src/adapter.ts', "import { createLog } from '@rollcall/logger-sink';"],
  ['a sender', 'apps/foo-adapter/src/config.ts', "import { createMessaging } from '@rollcall/amqp-sender';"],
  [
    'what is internal to our packages',
    'apps/foo-adapter/src/run.ts',
    "import { kitOptions } from '@rollcall/adapter-process/internal';",
  ],
  ['a registry', 'apps/foo-adapter/src/main.ts', "import '@rollcall/device-registry';"],
])('%s is refused where it does not belong', (_what, path, text) => {
  expect(importProblems(path, text, isAdapter)).toHaveLength(1);
});

test.each([
  ['pino', 'packages/logger-sink/src/create-log.ts', "import { pino } from 'pino';"],
  ['rhea', 'apps/amqp-adapter/src/adapter.ts', "import rhea from 'rhea';"],
  ['a sender in the composition root', 'apps/foo-adapter/src/run.ts', "import '@rollcall/amqp-sender';"],
  [
    'a sender in an app that is no adapter',
    'apps/rollcall/src/events/tail.ts',
    "import '@rollcall/amqp-sender';",
  ],
  [
    'what is internal to our packages, in an app of ours',
    'apps/rollcall/src/run.ts',
    "import { codedLog } from '@rollcall/adapter-process/internal';",
  ],
  ['a name that only begins alike', 'packages/core/src/a.ts', "import { a } from 'pino-pretty';"],
  ['a word in a text', 'packages/core/src/a.ts', "const text = 'import pino from it';"],
])('%s is let through', (_what, path, text) => {
  expect(importProblems(path, text, isAdapter)).toEqual([]);
});

test('folders that import each other are found, and no others', () => {
  const texts = new Map([
    ['a/one.ts', "import { two } from '../b/two.ts';"],
    ['b/two.ts', "import { three } from './three.ts';"],
    ['b/three.ts', "import type { One } from '../a/one.ts';\nimport { four } from '../c/d/four.ts';"],
    ['c/d/four.ts', "import { contract } from '../../contract.ts';"],
    ['contract.ts', "import type { Two } from './b/two.ts';"],
  ]);
  expect(folderCycles(texts)).toEqual(['a <-> b']);
  texts.set('a/one.ts', '');
  expect(folderCycles(texts)).toEqual([]);
});

test('folders that import each other by way of others are found', () => {
  const texts = new Map([
    ['a/one.ts', "import { two } from '../b/two.ts';"],
    ['b/two.ts', "import { three } from '../c/three.ts';"],
    ['c/three.ts', "import { one } from '../a/one.ts';"],
    ['d/four.ts', "import { one } from '../a/one.ts';"],
  ]);
  expect(folderCycles(texts)).toEqual(['a <-> b', 'a <-> c', 'b <-> c']);
});
