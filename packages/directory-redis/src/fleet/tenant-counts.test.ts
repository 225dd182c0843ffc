import { anEvent } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type TenantId } from '@rollcall/core';
import { beforeEach, expect, test } from 'vitest';
import type { Reply } from '../contact/asker.ts';
import type { Script } from '../scripts/script.ts';
import type { Shared } from '../shared.ts';
import { Book } from '../state/book.ts';
import { HeldConnection } from '../state/held-connection.ts';
import { keyNames } from '../wire/key-names.ts';
import { TenantCounts } from './tenant-counts.ts';

const fleetHas = 100;
let counts: TenantCounts;
let book: Book;
/** How many tenants each question named. */
let questions: number[];
let answers: boolean;
/** The tenants that were told, each with its count. */
let tellings: string[];

beforeEach(() => {
  questions = [];
  tellings = [];
  answers = true;
  book = new Book();
  counts = new TenantCounts({
    book,
    keys: keyNames('test:'),
    self: { short: 'me' },
    asker: {
      inTouch: true,
      canAsk: true,
      inTime: (work: Promise<void>) => work,
      ask(_script: Script, _keys: readonly string[], args: readonly string[]): Promise<Reply> {
        const told = Number(args[1]);
        const pairs = args.slice(2, 2 + 2 * told);
        const tenants = [...pairs.filter((_, index) => index % 2 === 0), ...args.slice(2 + 2 * told)];
        questions.push(tenants.length);
        tellings.push(...pairs);
        return Promise.resolve(
          answers ? { status: 'answer', value: tenants.map(() => fleetHas) } : { status: 'none' },
        );
      },
    },
  } as unknown as Shared);
});

const tenantOf = (name: string): TenantId => deviceRef(name, 'd').tenant;
const acme = tenantOf('acme');

test('devices that come at once wait for one answer, and those after them for none', async () => {
  const waits = [counts.lookUp(acme), counts.lookUp(acme)];
  expect(counts.elsewhere(acme), 'not known yet').toBe(0);
  for (const wait of waits) await wait;
  expect(counts.elsewhere(acme)).toBe(fleetHas);
  expect([counts.lookUp(acme), questions]).toEqual([undefined, [1]]);
});

test('the count of a tenant that was quiet for minutes is asked for again', async () => {
  await counts.lookUp(acme);
  for (let round = 0; round <= 250; round++) await counts.exchange();
  const waits = counts.lookUp(acme);
  expect(waits).toBeDefined();
  await waits;
  expect(counts.elsewhere(acme)).toBe(fleetHas);
});

test('a question without an answer is asked again', async () => {
  answers = false;
  await counts.lookUp(acme);
  expect(counts.elsewhere(acme)).toBe(0);
  answers = true;
  await counts.lookUp(acme);
  expect(counts.elsewhere(acme)).toBe(fleetHas);
});

/** Of the 100 connections of the tenant, 60 are here, and the engine was told so. */
async function holdSixty(): Promise<void> {
  for (let number = 10; number < 70; number++) {
    const connectionId = `01a20769-0000-7000-8000-0000000000${number}` as ConnectionId;
    book.add(
      new HeldConnection({
        event: anEvent('e', { connectionId, device: deviceRef('acme', 'd') }),
        slot: `${number}`,
      }),
    );
  }
  await counts.lookUp(acme);
  await counts.exchange();
  expect(counts.elsewhere(acme)).toBe(40);
  tellings = [];
}

test('after an outage the own connections are told again, and do not count as those of others until then', async () => {
  await holdSixty();
  counts.again();
  expect(counts.elsewhere(acme)).toBe(40);
  await counts.exchange();
  expect([tellings, counts.elsewhere(acme)]).toEqual([['acme', '60'], 40]);
});

test('in another fleet, and under another name, counts of before do not hold: devices wait for the new ones', async () => {
  await holdSixty();
  counts.anew();
  expect(counts.elsewhere(acme)).toBe(0);
  expect(counts.lookUp(acme)).toBeDefined();
  await counts.exchange();
  expect([tellings, counts.elsewhere(acme)]).toEqual([['acme', '60'], 40]);
});

test('of more tenants than are followed, those that were asked about last are, and each is counted', async () => {
  await counts.lookUp(acme);
  await counts.exchange();
  for (let other = 0; other < 10_001; other++) {
    await counts.lookUp(tenantOf(`t${other}`));
    expect(counts.elsewhere(tenantOf(`t${other}`))).toBe(fleetHas);
  }
  const waits = counts.lookUp(acme);
  expect(waits, 'it was left out').toBeDefined();
  await waits;
  expect(counts.elsewhere(acme)).toBe(fleetHas);
  questions = [];
  await counts.exchange();
  expect(questions.reduce((sum, tenants) => sum + tenants, 0)).toBe(10_000);
});
