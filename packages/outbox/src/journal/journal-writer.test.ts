import { anEnding, anOutboundEvent, ManualClock, settled } from '@rollcall/conformance';
import type { ConnectionId } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { JournalWriter } from './journal-writer.ts';
import { RowBook } from './row-book.ts';
import type { JournalStore } from './store/stored.ts';

/** A writer on a store that accepts everything at once, unless the test holds it or lets it fail, and records when each batch began. */
function givenAWriter() {
  const clock = new ManualClock();
  const book = new RowBook();
  book.begin({ lastSeq: 0 });
  const began = clock.monotonic();
  const batches: { readonly afterMs: number; readonly rows: number }[] = [];
  const trouble = { isFailing: false, isHeld: false };
  let answer: (() => void) | undefined;
  const store: Pick<JournalStore, 'apply' | 'close'> = {
    async apply({ inserted }) {
      batches.push({ afterMs: clock.monotonic() - began, rows: inserted.length });
      if (trouble.isHeld) await new Promise<void>((resolve) => (answer = resolve));
      if (trouble.isFailing) throw new Error('disk I/O error');
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
    trouble,
    /** Answers the batch that is held, and lets what follows begin. */
    async answer(): Promise<void> {
      answer?.();
      await turn();
    },
    disconnect(from: number, to: number): Promise<void> | undefined {
      let stored: Promise<void> | undefined;
      for (let each = from; each < to; each++) {
        const connectionId = `connection-${each}` as ConnectionId;
        const { event, downstream } = anOutboundEvent(connectionId, { connectionId });
        book.append({ event: anEnding(event), downstream }, ['sink'], []);
        stored = writer.commit();
      }
      return stored;
    },
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

/** Lets a batch begin. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await settled();
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

test('events are stored when the last of them is, though later ends of their connections are stored before it', async () => {
  const { connect, disconnect, answer, batches, trouble, clock } = givenAWriter();
  trouble.isHeld = true;
  let isStored = false;
  void connect(5_000)?.then(() => (isStored = true));
  await turn();
  const ended = disconnect(2_000, 5_000);
  for (const rows of [2_000, 2_000, 2_000]) {
    expect([batches.at(-1)?.rows, isStored]).toEqual([rows, false]);
    await answer();
  }
  // The connections that began last, with their ends.
  expect([batches.at(-1)?.rows, isStored]).toEqual([2_000, false]);
  await answer();
  expect(isStored).toBe(true);
  await clock.advanceAsync(4);
  await ended;
});

test('while the last batch of what a failing store lacks is stored, events wait for their own batch again', async () => {
  const { connect, answer, batches, trouble, clock } = givenAWriter();
  trouble.isFailing = true;
  await connect(2_500);
  expect(connect(1)).toBeUndefined();
  Object.assign(trouble, { isFailing: false, isHeld: true });
  await clock.advanceAsync(1_000);
  expect([batches.at(-1)?.rows, connect(1)]).toEqual([2_000, undefined]);
  await answer();
  expect(batches.at(-1)?.rows).toBe(502);
  let isStored = false;
  const stored = connect(3)?.then(() => (isStored = true));
  await answer();
  await clock.advanceAsync(4);
  await turn();
  expect([batches.at(-1)?.rows, isStored]).toEqual([3, false]);
  await answer();
  await stored;
  expect(isStored).toBe(true);
});
