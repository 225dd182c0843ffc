import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, RecordingSink, seededRandom } from '@rollcall/conformance';
import { ConfigError, TransportError } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endBecauseOf } from '../lifecycle/run-process.ts';
import { selectSinks } from './select-sinks.ts';

const context = { clock: new ManualClock(), random: seededRandom(1), log: silentLog };
const factories = { logging: () => new RecordingSink('logging'), events: () => new RecordingSink('events') };
const select = (...producers: readonly string[]) => selectSinks(producers, factories, context);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-sinks-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function module(name: string, code: string): Promise<string> {
  const file = join(folder, `${name}.mjs`);
  await writeFile(file, code);
  return file;
}
const names = (sinks: readonly { readonly name: string }[]): readonly string[] =>
  sinks.map(({ name }) => name);
const sink = `{ name: 'mine', deliver: async () => ({ status: 'delivered' }), close: async () => {} }`;

test('sinks are named by words, each once, or by the module that makes them', async () => {
  expect(names(await select('logging', 'events', 'logging'))).toEqual(['logging', 'events']);
  expect(names(await select('none'))).toEqual([]);
  const mine = await module(
    'mine',
    `export default async ({ clock, random, log }) => clock && random && log && ${sink};`,
  );
  expect(names(await select('logging', mine))).toEqual(['logging', 'mine']);
});

test.each([
  [
    'a mistake of the operator',
    `Object.assign(new Error('two lines'), { code: 'config', coded: [{ code: 'OPTION_MISSING', text: 'KEY: must be set' }] })`,
    new ConfigError([{ code: 'OPTION_MISSING', text: 'KEY: must be set' }]),
  ],
  [
    'a broken environment',
    `Object.assign(new Error('cannot bind'), { code: 'transport', startCode: 'PORT_NOT_BOUND' })`,
    new TransportError('cannot bind', { startCode: 'PORT_NOT_BOUND' }),
  ],
])('%s is known as such where the module has classes of its own', async (_what, thrown, error) => {
  const file = await module(error.code, `export default () => { throw ${thrown}; };`);
  const caught: unknown = await select(file).catch((reason: unknown) => reason);
  expect(caught).toBeInstanceOf(error.constructor);
  expect(endBecauseOf(caught)).toEqual(endBecauseOf(error));
});

test('where one cannot be made, those before it are closed', async () => {
  const closed: string[] = [];
  const closable = (name: string) =>
    Object.assign(new RecordingSink(name), { close: async () => void closed.push(name) });
  const made = { logging: () => closable('logging'), events: () => closable('events') };
  await expect(selectSinks(['logging', 'events', 'evnts'], made, context)).rejects.toThrow(ConfigError);
  expect(closed).toEqual(['logging', 'events']);
});

test.each([
  [
    'there is no such module',
    undefined,
    /evnts: is neither logging, events or none, nor a module that can be loaded/,
  ],
  ['the module has no factory', 'export default 7;', /its default export is not a function/],
  [
    'the factory makes something else',
    'export default () => ({ name: 1 });',
    /has no name, deliver\(\) and close\(\)/,
  ],
  ['the module throws', 'throw new Error("broken");', /broken/],
  [
    'its name is taken',
    `export default () => ({ ...${sink}, name: 'logging' });`,
    /another sink called logging/,
  ],
])('%s: the operator is told', async (what, code, problem) => {
  const specifier = code === undefined ? 'evnts' : await module(what.replaceAll(' ', '-'), code);
  const failed = await select('logging', specifier).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(ConfigError);
  expect((failed as ConfigError).problems.join()).toMatch(problem);
});
