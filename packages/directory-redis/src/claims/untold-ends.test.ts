import { anEvent } from '@rollcall/conformance';
import type { ConnectionId, Instant } from '@rollcall/core';
import { expect, test } from 'vitest';
import { HeldConnection } from '../state/held-connection.ts';
import { UntoldEnds } from './untold-ends.ts';

const idOf = (number: number): ConnectionId =>
  `01a20769-0000-7000-8000-${number.toString(16).padStart(12, '0')}` as ConnectionId;

function ended(number: number, moved = false): HeldConnection {
  const basis = { kind: 'lease', intervalMs: 1_000, from: 'default' } as const;
  const event = anEvent('e', { connectionId: idOf(number), basis });
  const held = new HeldConnection(
    { event, slot: 'sensor' },
    { state: { basis, silentMs: 0, leftMs: 0 }, at: 0 as Instant },
  );
  held.moved = moved;
  return held;
}

function engine(answers: (count: number) => boolean = () => true) {
  const told: (readonly [connection: string, kind: string])[] = [];
  const of: (string | undefined)[] = [];
  return {
    told,
    of,
    claims: {
      releaseRecord(connection: string, released: { readonly kind: string; readonly of?: string }) {
        told.push([connection, released.kind]);
        of.push(released.of);
        return Promise.resolve(answers(told.length));
      },
    },
  };
}

test('each end is reported to the engine once, and that of a moved lease as such', async () => {
  const ends = new UntoldEnds();
  const [one, two] = [ended(1), ended(2, true)];
  ends.add(one, 'me');
  ends.add(two, 'me');
  const { told, claims } = engine();
  await ends.tell(claims);
  await ends.tell(claims);
  expect(told).toEqual([
    [one.shortId, 'lease'],
    [two.shortId, 'moved'],
  ]);
});

test('if the engine does not answer, that end and the rest are reported the next time', async () => {
  const ends = new UntoldEnds();
  const all = [1, 2, 3].map((number) => ended(number));
  for (const each of all) ends.add(each, 'me');
  const first = engine((count) => count < 2);
  await ends.tell(first.claims);
  const second = engine();
  await ends.tell(second.claims);
  const [one, two, three] = all.map(({ shortId }) => shortId);
  expect(first.told.map(([id]) => id)).toEqual([one, two]);
  expect(second.told.map(([id]) => id)).toEqual([two, three]);
});

test('each end is reported for the incarnation that held the lease: it may have been declared dead meanwhile', async () => {
  const ends = new UntoldEnds();
  ends.add(ended(1), 'before');
  ends.add(ended(2), 'now');
  const { of, claims } = engine();
  await ends.tell(claims);
  expect(of).toEqual(['before', 'now']);
});

test('the ends that wait are bounded', async () => {
  const ends = new UntoldEnds();
  for (let number = 0; number < 10_001; number++) ends.add(ended(number), 'me');
  const { told, claims } = engine();
  await ends.tell(claims);
  expect(told).toHaveLength(10_000);
});
