import { anEvent, ManualClock } from '@rollcall/conformance';
import type { ConnectionId } from '@rollcall/core';
import { beforeEach, expect, test } from 'vitest';
import type { Reply } from '../contact/asker.ts';
import { findUntold } from '../scripts/find-untold.ts';
import type { Script } from '../scripts/script.ts';
import type { Shared } from '../shared.ts';
import { Book } from '../state/book.ts';
import { HeldConnection } from '../state/held-connection.ts';
import { deathText } from '../wire/death.ts';
import { keyNames } from '../wire/key-names.ts';
import { shortId } from '../wire/short-id.ts';
import { OwnDeath } from './own-death.ts';

const instance = '01a20769-0000-7000-8000-000000000001';
const death = deathText({
  state: 'owed',
  declaredAtMs: 20_000,
  aliveAtMs: 10_000,
  unconfirmedSince: '0'.repeat(16),
});
let clock: ManualClock;
let book: Book;
let ownDeath: OwnDeath;
/** The records that the engine has of this incarnation. */
let had: Set<string>;
let answers: boolean;

beforeEach(() => {
  clock = new ManualClock();
  book = new Book();
  had = new Set();
  answers = true;
  const reply = (value: unknown): Promise<Reply> =>
    answers ? Promise.resolve({ status: 'answer', value }) : new Promise(() => {});
  ownDeath = new OwnDeath({
    context: { clock },
    book,
    keys: keyNames('test:'),
    self: { identity: { type: 'hono-mqtt', id: 'mqtt-0', instance }, short: shortId(instance) },
    asker: {
      look: () => reply(death),
      ask: (script: Script, _keys: readonly string[], [, ...connections]: readonly string[]) =>
        reply(script === findUntold ? connections.filter((each) => !had.has(each)) : undefined),
    },
  } as unknown as Shared);
});

let numbers = 0;
function held(known = false): HeldConnection {
  const connectionId = `01a2076b-4400-7a1b-9c2d-${String((numbers += 1)).padStart(12, '0')}` as ConnectionId;
  const connection = new HeldConnection({ event: anEvent(`e${numbers}`, { connectionId }) });
  connection.known = known;
  return connection;
}

const idOf = ({ event }: HeldConnection): ConnectionId => event.connectionId;

test('a confirmed connection is not asked about, and needs no answer', async () => {
  answers = false;
  book.add(held(true));
  ownDeath.leftInDoubt(held(true));
  expect(await ownDeath.settle(false)).toEqual({ neverKnown: [], toldByOthers: [], hasAnswered: true });
});

test('for a claim whose answer was lost, the engine says whether it has it', async () => {
  const [claimed, never, left, leftNever] = [held(), held(), held(), held()];
  for (const each of [claimed, never]) book.add(each);
  for (const each of [left, leftNever]) ownDeath.leftInDoubt(each);
  had = new Set([claimed, left].map(({ shortId: short }) => short));
  expect(await ownDeath.settle(false)).toMatchObject({
    neverKnown: [idOf(never), idOf(leftNever)],
    hasAnswered: true,
  });
  expect(await ownDeath.settle(false), 'the next incarnation left nothing yet').toMatchObject({
    neverKnown: [idOf(never)],
  });
});

test('an engine that failed over is asked about what it confirmed before: what it lacks is told here, and nothing else', async () => {
  const [kept, lacked, left] = [held(true), held(true), held(true)];
  for (const each of [kept, lacked]) book.add(each);
  ownDeath.leftInDoubt(left);
  had = new Set([kept.shortId]);
  expect(await ownDeath.settle(true)).toEqual({
    neverKnown: [idOf(lacked), idOf(left)],
    toldByOthers: [],
    hasAnswered: true,
  });
  answers = false;
  const never = held();
  book.add(never);
  const settling = ownDeath.settle(true);
  await clock.advanceAsync(2_000);
  expect(await settling, 'what it confirmed stays with others').toMatchObject({ neverKnown: [idOf(never)] });
});

test('a connection that was left in a doubt that is over stays with this instance', async () => {
  ownDeath.leftInDoubt(held());
  ownDeath.doubtEnded();
  expect(await ownDeath.settle(false)).toEqual({ neverKnown: [], toldByOthers: [], hasAnswered: true });
});

test('a connection that begins while the engine is asked is never known; a late answer counts', async () => {
  const [late, never] = [held(), held()];
  for (const each of [late, never]) book.add(each);
  const settling = ownDeath.settle(false);
  late.known = true;
  const begun = held();
  book.add(begun);
  expect((await settling).neverKnown).toEqual([idOf(never), idOf(begun)]);
});

test('an engine that does not answer is waited for 2 s: then this instance publishes all endings that it did not confirm', async () => {
  answers = false;
  const claimed = held();
  book.add(claimed);
  let outcome: Awaited<ReturnType<OwnDeath['settle']>> | undefined;
  void ownDeath.settle(false).then((each) => (outcome = each));
  await clock.advanceAsync(1_999);
  expect(outcome).toBeUndefined();
  await clock.advanceAsync(1);
  expect(outcome).toEqual({ neverKnown: [idOf(claimed)], toldByOthers: [], hasAnswered: false });
});

test('a session that ended while the engine was away is told by others if the engine still has it, and else here; a lease is not asked about', async () => {
  const [told, gone, lease] = [held(true), held(true), held(true)];
  lease.noted = {} as NonNullable<HeldConnection['noted']>;
  had = new Set([told, lease].map(({ shortId: short }) => short));
  expect(await ownDeath.settle(false, [told, gone, lease])).toEqual({
    neverKnown: [idOf(gone)],
    toldByOthers: [idOf(told)],
    hasAnswered: true,
  });
  answers = false;
  const settling = ownDeath.settle(false, [told]);
  await clock.advanceAsync(2_000);
  expect(await settling, 'twice is better than never').toMatchObject({
    neverKnown: [idOf(told)],
    toldByOthers: [],
  });
});
