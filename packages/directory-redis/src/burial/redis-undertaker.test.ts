import { ManualClock, seededRandom } from '@rollcall/conformance';
import type { Timestamp } from '@rollcall/core';
import { silentLog, type Clock } from '@rollcall/core/environment';
import type { Undertaker } from '@rollcall/core/directory';
import { beforeEach, expect, test } from 'vitest';
import type { Engine, EngineListener } from '../engine/engine.ts';
import { changeDeath } from '../scripts/change-death.ts';
import { peekNoted } from '../scripts/peek-noted.ts';
import { peekOwed } from '../scripts/peek-owed.ts';
import { tellTime } from '../scripts/tell-time.ts';
import { deathText } from '../wire/death.ts';
import { identityText } from '../wire/identity.ts';
import { keyNames } from '../wire/key-names.ts';
import { shortId } from '../wire/short-id.ts';
import { RedisUndertaker } from './redis-undertaker.ts';

const keys = keyNames('test:');
const dead = shortId('0190a1b2-0000-7000-8000-00000000000a');
const other = shortId('0190a1b2-0000-7000-8000-00000000000b');
const deadAfterMs = 10_000;
const sevenDaysMs = 7 * 24 * 3_600_000;

let clock: ManualClock;
let deaths: Map<string, string>;
/** Each death that was entered, as its state; '' for one that was taken out. */
let changes: string[];

beforeEach(() => {
  clock = new ManualClock();
  deaths = new Map();
  changes = [];
});

const engine: Engine = {
  run(script, _keys, [instance = '', from, to = '']) {
    if (script === tellTime) return Promise.resolve(clock.now());
    if (script === peekOwed) return Promise.resolve(['0', clock.now()]);
    if (script === peekNoted) return Promise.resolve(['0']);
    if (script !== changeDeath) return Promise.resolve(1);
    if ((deaths.get(instance) ?? '') !== from) return Promise.resolve(0);
    changes.push(to.split(' ')[1] ?? '');
    if (to === '') deaths.delete(instance);
    else deaths.set(instance, to);
    return Promise.resolve(1);
  },
  read(command, key) {
    if (command === 'EXISTS') return Promise.resolve(0);
    if (key === keys.deaths) return Promise.resolve([...deaths].flat());
    const identity = identityText({ type: 'mqtt', id: 'mqtt-1' });
    return Promise.resolve(
      key === keys.instances ? [...deaths.keys()].flatMap((each) => [each, identity]) : [],
    );
  },
  publish: () => Promise.resolve(0),
  info: () => Promise.resolve(new Map()),
  listenTo() {},
  close() {},
};

/** @param aheadMs how far the clock of its machine is ahead of the engine's. */
function undertaker(aheadMs = 0): Undertaker {
  const open = (listener: EngineListener): Engine => {
    queueMicrotask(() => listener.commandsReady());
    return engine;
  };
  const random = seededRandom(1);
  const tell = (): Promise<never[]> => Promise.resolve([]);
  const own: Clock = {
    now: () => (clock.now() + aheadMs) as Timestamp,
    monotonic: () => clock.monotonic(),
    at: (instant, run) => clock.at(instant, run),
  };
  return new RedisUndertaker({ clock: own, random, log: silentLog, deadAfterMs, tell }, keys, open);
}

/** Settled, and declared so long ago. */
function died(agoMs: number): string {
  const atMs = clock.now() - agoMs;
  return deathText({
    state: 'settled',
    declaredAtMs: atMs,
    aliveAtMs: atMs,
    unconfirmedSince: '0'.repeat(16),
  });
}

test('a death of seven days ago is forgotten for good, also where another undertaker saw it shortly before', async () => {
  deaths.set(dead, died(sevenDaysMs - 1_800));
  const first = undertaker();
  await clock.advanceAsync(500);
  const second = undertaker();
  await clock.advanceAsync(60_000);
  expect([changes, [...deaths]]).toEqual([[''], []]);
  await Promise.all([first.stop(), second.stop()]);
});

test.each([
  ['ahead', 1],
  ['behind', -1],
])('a clock that is eight days %s forgets no death, and enters none again', async (_where, sign) => {
  const death = died(sevenDaysMs / 7);
  deaths.set(dead, death);
  deaths.set(other, died(sevenDaysMs - 1_800));
  const right = undertaker();
  const wrong = undertaker(8 * sign * (sevenDaysMs / 7));
  await clock.advanceAsync(60_000);
  expect([changes, [...deaths]]).toEqual([[''], [[dead, death]]]);
  await Promise.all([right.stop(), wrong.stop()]);
});

test('a death of yesterday that the engine lost is entered again', async () => {
  const death = died(sevenDaysMs / 7);
  deaths.set(dead, death);
  const only = undertaker();
  await clock.advanceAsync(2_000);
  deaths.clear();
  await clock.advanceAsync(60_000);
  expect([changes, [...deaths]]).toEqual([['owed', 'settled'], [[dead, death]]]);
  await only.stop();
});
