import rhea from 'rhea';
import { beforeAll, describe, expect, test } from 'vitest';
import { boundDispositions } from './bound-dispositions.ts';
import { internalsOf } from './internals-of.ts';
import { receiveInAnyOrder } from './receive-in-any-order.ts';
import { sendInAnyOrder } from './send-in-any-order.ts';

beforeAll(boundDispositions);

interface Kept {
  readonly id: number;
  remote_settled: boolean;
  readonly link: object;
}

/** What a session keeps in one direction, from an id on, and how often rhea looks for one of it. */
function given(direction: 'incoming' | 'outgoing', firstId: number, count: number, inAnyOrder = false) {
  const session = rhea.create_container().create_connection().create_session();
  if (inAnyOrder && direction === 'outgoing') sendInAnyOrder(session);
  else if (inAnyOrder) receiveInAnyOrder(session.attach_receiver({}), () => {});
  const half = internalsOf(session)[direction];
  const link = { dispatch() {}, _context() {} };
  const kept = Array.from({ length: count }, (_, i): Kept => {
    return { id: firstId + i, remote_settled: false, link };
  });
  for (const each of kept) half.deliveries.push(each as never);
  Object.assign(half, { next_delivery_id: firstId + count });
  let looked = 0;
  const find = half.deliveries.by_id.bind(half.deliveries);
  Object.assign(half.deliveries, {
    by_id(id: number) {
      looked += 1;
      return find(id);
    },
  });
  const settle = (first: number, last?: number): number[] => {
    half.on_disposition({ first, settled: true, ...(last !== undefined && { last }) } as never);
    return kept.filter((each) => each.remote_settled).map(({ id }) => id);
  };
  return { settle, looked: () => looked };
}

describe.each([
  ['incoming', false],
  ['incoming', true],
  ['outgoing', false],
  ['outgoing', true],
] as const)('a disposition of %s deliveries (settled in any order: %s)', (direction, inAnyOrder) => {
  test.each([
    ['before the first that is kept', 0, 2_048],
    ['behind the last', 65_540, 67_000],
    ['of one that is not there', 7, undefined],
  ])('%s looks for none', (_where, first, last) => {
    const { settle, looked } = given(direction, 65_536, 3, inAnyOrder);
    expect(settle(first, last)).toEqual([]);
    expect(looked()).toBe(0);
  });

  test('looks for those that may be kept', () => {
    const { settle, looked } = given(direction, 65_536, 3, inAnyOrder);
    expect(settle(0, 200_000)).toEqual([65_536, 65_537, 65_538]);
    expect(looked()).toBe(3);
  });

  test('is about the one that it names, where it names no last', () => {
    const { settle } = given(direction, 0, 3, inAnyOrder);
    expect(settle(0)).toEqual([0]);
    expect(settle(1)).toEqual([0, 1]);
  });

  test('is about nothing where nothing is kept', () => {
    const { settle, looked } = given(direction, 0, 0, inAnyOrder);
    expect(settle(0, 2_048)).toEqual([]);
    expect(looked()).toBe(0);
  });
});
