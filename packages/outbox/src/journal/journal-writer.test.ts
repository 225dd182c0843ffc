import { anOutboundEvent, ManualClock, settled } from '@rollcall/conformance';
import type { ConnectionId } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { JournalWriter } from './journal-writer.ts';
import { RowBook } from './row-book.ts';
import type { JournalStore } from './store/stored.ts';

/** A writer on a store that accepts everything at once, and records when each batch began. */
function givenAWriter() {
  const clock = new ManualClock();
  const book = new RowBook();
  book.begin({ lastSeq: 0 });
  const began = clock.monotonic();
  const batches: { readonly afterMs: number; readonly rows: number }[] = [];
  const store: Pick<JournalStore, 'apply' | 'close'> = {
    async apply({ inserted }) {
      batches.push({ afterMs: clock.monotonic() - began, rows: inserted.length });
    },
    async close() {},
  };
  const writer = new JournalWriter({
    store: store as JournalStore,
    book,
    clock,
    log: silentLog,
    behindAfterMs: 50,
  });
  let connections = 0;
  return {
    clock,
    batches,
    writer,
    /** @returns resolves when the last of them is stored. */
    connect(count: number): Promise<void> | undefined {
      let stored: Promise<void> | undefined;
      for (let each = 0; each < count; each++) {
        const connectionId = `connection-${connections++}` as ConnectionId;
        book.append(anOutboundEvent(connectionId, { connectionId }), ['sink'], []);
        stored = writer.commit();
      }
      return stored;
    },
  };
}

test('if few devices connect, each is stored at once', async () => {
  const { connect, batches } = givenAWriter();
  for (let each = 0; each < 3; each++) await connect(2);
  expect(batches).toEqual([
    { afterMs: 0, rows: 2 },
    { afterMs: 0, rows: 2 },
    { afterMs: 0, rows: 2 },
  ]);
});

test('in a storm, events after a batch gather for 4 ms from its beginning, and are stored together', async () => {
  const { connect, batches, clock } = givenAWriter();
  await connect(20);
  await clock.advanceAsync(1);
  const gathered = connect(1);
  await clock.advanceAsync(1);
  expect(connect(3)).toBe(gathered);
  await clock.advanceAsync(1);
  expect(batches).toEqual([{ afterMs: 0, rows: 20 }]);
  await clock.advanceAsync(1);
  await gathered;
  expect(batches.slice(1)).toEqual([{ afterMs: 4, rows: 4 }]);
  // The last batch was small: the storm is over.
  await connect(1);
  expect(batches.slice(2)).toEqual([{ afterMs: 4, rows: 1 }]);
});

test('a batch that is full does not gather', async () => {
  const { connect, batches, clock } = givenAWriter();
  await connect(2_000);
  const stored = connect(2_500);
  await clock.advanceAsync(0);
  expect(batches.map(({ rows }) => rows)).toEqual([2_000, 2_000]);
  await clock.advanceAsync(4);
  await stored;
  expect(batches.slice(2)).toEqual([{ afterMs: 4, rows: 500 }]);
});

test('events that gather are stored before the writer is closed', async () => {
  const { connect, batches, writer } = givenAWriter();
  await connect(20);
  void connect(1);
  await writer.close();
  await settled();
  expect(batches.map(({ rows }) => rows)).toEqual([20, 1]);
});
