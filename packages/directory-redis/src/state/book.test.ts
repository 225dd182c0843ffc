import { anEvent } from '@rollcall/conformance';
import type { ConnectionId } from '@rollcall/core';
import { expect, test } from 'vitest';
import { Book } from './book.ts';
import { HeldConnection } from './held-connection.ts';

function lease(number: number): HeldConnection {
  const connectionId = `01a20769-0000-7000-8000-${String(number).padStart(12, '0')}` as ConnectionId;
  return new HeldConnection({ event: anEvent(`e${number}`, { connectionId }), slot: `s-${number}` });
}

test('leases that changed are taken once; those that left or moved meanwhile are kept nowhere', () => {
  const book = new Book();
  const [stays, leaves, goes] = [lease(1), lease(2), lease(3)];
  for (const held of [stays, leaves, goes]) {
    book.add(held);
    book.markLease(held);
  }
  book.remove(leaves);
  const changed = book.takeChangedLeases()[Symbol.iterator]();
  expect(changed.next().value).toBe(stays);
  book.remove(goes);
  expect(changed.next().done).toBe(true);
  expect([...book.takeChangedLeases()]).toEqual([]);
  book.markLease(stays);
  book.clear();
  expect([...book.takeChangedLeases()]).toEqual([]);
});
