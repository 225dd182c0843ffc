import { seededRandom } from '@rollcall/conformance';
import type { Epoch } from '@rollcall/core';
import { beforeEach, expect, test } from 'vitest';
import type { Reply } from '../contact/asker.ts';
import { abandon } from '../scripts/abandon.ts';
import type { Script } from '../scripts/script.ts';
import { layDown } from '../scripts/lay-down.ts';
import type { Shared } from '../shared.ts';
import { keyNames } from '../wire/key-names.ts';
import { Strays, type Stray } from './strays.ts';

const keys = keyNames('test:');
const me = 'me';
let asked: { readonly script: Script; readonly args: readonly string[] }[];
let answer: (script: Script, connection: string | undefined) => Reply;
let inTouch: boolean;
let strays: Strays;

beforeEach(() => {
  asked = [];
  inTouch = true;
  answer = () => ({ status: 'answer', value: 1 });
  strays = new Strays({
    keys,
    self: { short: me, identity: { type: 'hono-http', id: 'http-0', instance: 'i' } },
    context: {
      random: seededRandom(1),
      facts: { unconfirmedSince: () => undefined, epoch: () => '01a2076b44000001' as Epoch },
    },
    asker: {
      get inTouch() {
        return inTouch;
      },
      ask(script: Script, _keys: readonly string[], args: readonly string[]) {
        asked.push({ script, args });
        return Promise.resolve(answer(script, args[2]));
      },
    },
  } as unknown as Shared);
});

const stray = (connection: string): Stray => ({ connection, deviceName: 'acme/pump', field: 'f', bucket: 3 });
/** The connections that were laid down, and their name. */
const laid = () =>
  asked.flatMap(({ script, args }) => (script === layDown ? [[args[2], args[1], args[3]]] : []));

test('they are laid under a name that is declared dead first, from which an undertaker has them', async () => {
  strays.add(stray('one'));
  strays.add(stray('two'));
  expect([strays.has('one'), strays.has('three')]).toEqual([true, false]);
  await strays.layDown();
  expect(asked.map(({ script }) => script)).toEqual([abandon, layDown, layDown]);
  const nobody = asked[0]?.args[0];
  expect(nobody).not.toBe(me);
  expect(laid()).toEqual([
    ['one', me, nobody],
    ['two', me, nobody],
  ]);
  expect([strays.has('one'), strays.has('two')]).toEqual([false, false]);
  await strays.layDown();
  expect(asked, 'none is left').toHaveLength(3);
});

test('none is laid down if the name could not be declared dead: no undertaker would look there', async () => {
  answer = (script) => (script === abandon ? { status: 'none' } : { status: 'answer', value: 1 });
  strays.add(stray('one'));
  await strays.layDown();
  expect([laid(), strays.has('one')]).toEqual([[], true]);
  inTouch = false;
  await strays.layDown();
  expect(asked).toHaveLength(1);
});

test.each<[string, Reply]>([
  ['no answer', { status: 'none' }],
  ['that the name is buried already', { status: 'answer', value: 2 }],
])('after %s what is left stays, and is laid under another name next time', async (_what, reply) => {
  answer = (script, connection) =>
    script === layDown && connection === 'two' ? reply : { status: 'answer', value: 1 };
  for (const connection of ['one', 'two', 'three']) strays.add(stray(connection));
  await strays.layDown();
  expect(['one', 'two', 'three'].map((each) => strays.has(each))).toEqual([false, true, true]);
  answer = () => ({ status: 'answer', value: 1 });
  await strays.layDown();
  const names = laid().map(([, , name]) => name);
  expect(new Set(names).size).toBe(2);
  expect(names.at(-1)).not.toBe(names[0]);
  expect(strays.has('three')).toBe(false);
});

test.each<[string, Reply]>([
  ['has no record by now', { status: 'answer', value: 0 }],
  ['is foreign in the engine', { status: 'refused' }],
])('a stray that %s does not belong to this instance any more', async (_what, reply) => {
  answer = (script) => (script === layDown ? reply : { status: 'answer', value: 1 });
  strays.add(stray('one'));
  await strays.layDown();
  expect(strays.has('one')).toBe(false);
});

test('one that a device goes on with stays where it is', async () => {
  strays.add(stray('one'));
  strays.remove('one');
  await strays.layDown();
  expect(asked).toEqual([]);
});

test('strays are bounded, and forgotten with their incarnation', () => {
  for (let index = 0; index < 10_001; index++) strays.add(stray(`c${index}`));
  expect([strays.has('c9999'), strays.has('c10000')]).toEqual([true, false]);
  strays.clear();
  expect(strays.has('c0')).toBe(false);
});
