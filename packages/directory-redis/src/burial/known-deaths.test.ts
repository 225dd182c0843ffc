import { expect, test } from 'vitest';
import type { Death } from '../wire/death.ts';
import { KnownDeaths } from './known-deaths.ts';

const death: Death = {
  state: 'settled',
  declaredAtMs: 2,
  aliveAtMs: 1,
  unconfirmedSince: '0'.repeat(16),
  heir: 'b',
};
const identity = { type: 'hono-mqtt', id: 'mqtt-1', instance: 'a' };
const full = { deaths: new Map([['a', death]]), identities: new Map([['a', identity]]) };
const empty = { deaths: new Map<string, Death>(), identities: new Map() };

test('a death that the engine forgot is owed again, until it is forgotten on purpose', () => {
  const known = new KnownDeaths();
  expect(known.forgottenBy(empty, 0)).toEqual([]);
  expect(known.forgottenBy(full, 0)).toEqual([]);
  expect(known.forgottenBy(empty, 0)).toEqual([{ short: 'a', death: { ...death, state: 'owed' }, identity }]);
  known.forget('a');
  expect(known.forgottenBy(empty, 0)).toEqual([]);
});

test('beyond the limit, the oldest death is forgotten', () => {
  const known = new KnownDeaths();
  const names = Array.from({ length: 10_001 }, (_, index) => `i${index}`);
  known.forgottenBy(
    {
      deaths: new Map(names.map((name) => [name, death])),
      identities: new Map(names.map((name) => [name, identity])),
    },
    0,
  );
  const forgotten = known.forgottenBy(empty, 0).map(({ short }) => short);
  expect([forgotten.length, forgotten[0]]).toEqual([10_000, 'i1']);
});

test('a death that is old is not told again: another undertaker may have forgotten it on purpose', () => {
  const known = new KnownDeaths();
  known.forgottenBy(full, 0);
  expect(known.forgottenBy(empty, death.declaredAtMs)).toEqual([]);
});
