import { RecordingSink, settled } from '@rollcall/conformance';
import { deviceRef, type ConnectionId } from '@rollcall/core';
import type { Delivery } from '@rollcall/core/sink';
import { afterEach, describe, expect, test } from 'vitest';
import type { Journal } from '../journal/journal.ts';
import { createMemoryJournal } from '../journal/memory-journal.ts';
import { createHoldingJournal } from '../testing/holding-journal.ts';
import { createLateJournal } from '../testing/late-journal.ts';
import {
  closeOutboxes,
  connected,
  disconnected,
  givenAnOutbox,
  idsOf,
  retryable,
} from '../testing/given-outbox.ts';

afterEach(closeOutboxes);

test('a tenant whose events are refused counts as refused until one of them, or an announcement, is accepted', async () => {
  const refused = new Set(['acme', 'umbrella']);
  const cause = new Error('amqp:not-allowed');
  const sink = new RecordingSink('recording', ({ event }) =>
    refused.has(event.device.tenant) ? { status: 'refused', cause } : { status: 'delivered' },
  );
  const { outbox } = givenAnOutbox([sink]);
  const refusing = (): number | undefined => outbox.depth()[0]?.refusingTenants;
  for (const tenant of ['acme', 'umbrella', 'other']) void outbox.append(connected(tenant, 'd1', tenant));
  await settled();
  expect(refusing()).toBe(2);
  refused.delete('acme');
  void outbox.append(connected('next', 'd2', 'acme'));
  await settled();
  expect(refusing()).toBe(1);
  refused.delete('umbrella');
  outbox.announce(connected('again', 'd3', 'umbrella'));
  await settled();
  expect(refusing()).toBe(0);
  expect(outbox.depth()).toMatchObject([{ events: 0, parked: 2 }]);
});

describe('an event that the journal does not have yet', () => {
  function givenASlowJournal() {
    const commits: (() => void)[] = [];
    const journal: Journal = {
      ...createMemoryJournal(),
      append: () => ({
        place: commits.length + 1,
        committed: new Promise((resolve) => commits.push(resolve)),
      }),
    };
    return { journal, commits };
  }

  test('is not sent before the journal has it', async () => {
    const sink = new RecordingSink();
    const { journal, commits } = givenASlowJournal();
    const { outbox } = givenAnOutbox([sink], undefined, journal);
    void outbox.append(connected('e1'));
    void outbox.append(connected('e2', 'd2'));
    await settled();
    expect(sink.attempts).toEqual([]);
    commits[0]?.();
    await settled();
    expect(idsOf(sink.events)).toEqual(['e1']);
    commits[1]?.();
    await settled();
    expect(idsOf(sink.events)).toEqual(['e1', 'e2']);
  });

  test('is sent, once the journal has it, when what its sender waits for is over', async () => {
    const sink = new RecordingSink();
    const { journal, commits } = givenASlowJournal();
    const { outbox } = givenAnOutbox([sink], undefined, journal);
    const told = Promise.withResolvers<void>();
    const asked: string[] = [];
    void outbox.append(connected('e1'), () => {
      asked.push('e1');
      return told.promise;
    });
    void outbox.append(connected('e2', 'd2'), () => undefined);
    await settled();
    expect(asked, 'the journal does not have it').toEqual([]);
    for (const commit of commits) commit();
    await settled();
    expect([asked, idsOf(sink.events)]).toEqual([['e1'], ['e2']]);
    told.resolve();
    await settled();
    expect(idsOf(sink.events)).toEqual(['e2', 'e1']);
  });

  test('is sent after a while if the journal does not answer', async () => {
    const sink = new RecordingSink();
    const { journal } = givenASlowJournal();
    const { outbox, clock } = givenAnOutbox([sink], undefined, journal);
    void outbox.append(connected('e1'));
    await clock.advanceAsync(999);
    expect(sink.attempts).toEqual([]);
    await clock.advanceAsync(1);
    expect(idsOf(sink.events)).toEqual(['e1']);
    expect(clock.armed).toBe(0);
  });
});

describe('order and pipelining', () => {
  test('a device has one event in flight at a time, different devices are pipelined', async () => {
    const answers: (() => void)[] = [];
    const sink = new RecordingSink(
      'slow',
      () => new Promise((resolve) => answers.push(() => resolve({ status: 'delivered' }))),
    );
    const { outbox } = givenAnOutbox([sink]);
    for (const id of ['a1', 'a2']) void outbox.append(connected(id, 'a'));
    for (const id of ['b1', 'b2']) void outbox.append(connected(id, 'b'));
    await settled();
    expect(idsOf(sink.attempts.map(({ event }) => event))).toEqual(['a1', 'b1']);
    while (answers.length > 0) {
      answers.shift()?.();
      await settled();
    }
    expect(idsOf(sink.events)).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  test('an event that must be tried again keeps its place before the later ones of its device', async () => {
    let tries = 0;
    const sink = new RecordingSink('shaky', () => ((tries += 1) <= 5 ? retryable : { status: 'delivered' }));
    const { outbox, clock, counted } = givenAnOutbox([sink]);
    for (const id of ['e1', 'e2', 'e3']) void outbox.append(connected(id));
    await clock.advanceAsync(60_000);
    expect(idsOf(sink.events)).toEqual(['e1', 'e2', 'e3']);
    expect(counted.retried).toBe(5);
  });

  test('a re-send has the same facts', async () => {
    let tries = 0;
    const sink = new RecordingSink('shaky', () => ((tries += 1) <= 2 ? retryable : { status: 'delivered' }));
    const { outbox, clock } = givenAnOutbox([sink]);
    void outbox.append(connected('e1'));
    await clock.advanceAsync(60_000);
    expect(new Set(sink.attempts).size).toBe(1);
    expect(sink.attempts).toHaveLength(3);
  });

  test('a sink that rejects its promise loses nothing', async () => {
    let tries = 0;
    const sink = new RecordingSink('broken', () => {
      if ((tries += 1) === 1) throw new Error('bug');
      return { status: 'delivered' };
    });
    const { outbox, clock } = givenAnOutbox([sink]);
    void outbox.append(connected('e1'));
    await clock.advanceAsync(10_000);
    expect(idsOf(sink.events)).toEqual(['e1']);
  });
});

describe('trouble stays where it is', () => {
  test('one tenant cannot send, others can', async () => {
    const sink = new RecordingSink('partly', ({ event }) =>
      event.device.tenant === 'acme' ? retryable : { status: 'delivered' },
    );
    const { outbox, clock } = givenAnOutbox([sink]);
    for (let i = 0; i < 50; i++) void outbox.append(connected(`acme-${i}`, `d${i}`));
    for (let i = 0; i < 50; i++) void outbox.append(connected(`umbrella-${i}`, `d${i}`, 'umbrella'));
    await clock.advanceAsync(0);
    expect(sink.events).toHaveLength(50);
  });

  test('one sink is away, the other gets everything', async () => {
    const away = new RecordingSink('away', () => retryable);
    const fine = new RecordingSink('fine');
    const { outbox } = givenAnOutbox([away, fine]);
    for (let i = 0; i < 20; i++) void outbox.append(connected(`e${i}`));
    await settled();
    for (let i = 0; i < 20; i++) await settled();
    expect(fine.events).toHaveLength(20);
  });

  test('a network that is away gets a few tries, not one for each device', async () => {
    const sink = new RecordingSink('away', () => retryable);
    const { outbox, clock } = givenAnOutbox([sink]);
    for (let i = 0; i < 500; i++) void outbox.append(connected(`e${i}`, `d${i}`));
    await clock.advanceAsync(60_000);
    expect(sink.attempts.length).toBeLessThan(100);
    sink.answer = () => ({ status: 'delivered' });
    await clock.advanceAsync(20_000);
    expect(sink.events).toHaveLength(500);
    expect(clock.armed, 'no timer is left over').toBeLessThanOrEqual(1);
  });

  test('a refused event is parked, and the next of its device goes on', async () => {
    const sink = new RecordingSink('picky', ({ event }) =>
      event.id === 'e1' ? { status: 'refused', cause: new Error('never') } : { status: 'delivered' },
    );
    const { outbox, counted } = givenAnOutbox([sink]);
    void outbox.append(connected('e1'));
    void outbox.append(connected('e2'));
    await settled();
    expect(counted.parked).toEqual(['e1']);
    expect(idsOf(sink.events)).toEqual(['e2']);
    expect(outbox.depth()).toMatchObject([{ events: 0, bytes: 0, parked: 1 }]);
  });
});

describe('at the bound', () => {
  const bounds = { maxEvents: 10, maxBytes: 10_000_000 };

  test('whole pairs are left out, oldest first, and counted for the next event of the device', async () => {
    const sink = new RecordingSink('away', () => retryable);
    const { outbox, counted, clock } = givenAnOutbox([sink], bounds);
    // 'first' occupies the lane: everything behind it is unattempted.
    void outbox.append(connected('first'));
    for (let i = 0; i < 20; i++) {
      void outbox.append(connected(`c${i}`));
      void outbox.append(disconnected(`d${i}`, `c${i}`));
    }
    expect(outbox.depth()).toMatchObject([{ events: 9 }]);
    expect(counted.leftOut).toBe(16);
    expect(outbox.coalescedOf(deviceRef('acme', 'd1'))).toBe(16);
    sink.answer = () => ({ status: 'delivered' });
    await clock.advanceAsync(60_000);
    expect(idsOf(sink.events)).toEqual(['first', 'c16', 'd16', 'c17', 'd17', 'c18', 'd18', 'c19', 'd19']);
  });

  test('events that were attempted, and connections that are still open, are never left out', async () => {
    const sink = new RecordingSink('away', () => retryable);
    const { outbox, counted } = givenAnOutbox([sink], bounds);
    for (let i = 0; i < 30; i++) void outbox.append(connected(`e${i}`, `d${i}`));
    expect(outbox.depth()).toMatchObject([{ events: 30 }]);
    expect(counted.leftOut).toBe(0);
  });

  test('an end whose beginning was attempted is sent', async () => {
    const sink = new RecordingSink('away', () => retryable);
    const { outbox, clock } = givenAnOutbox([sink], { maxEvents: 1, maxBytes: 10_000_000 });
    void outbox.append(connected('c1'));
    void outbox.append(disconnected('d1', 'c1'));
    sink.answer = () => ({ status: 'delivered' });
    await clock.advanceAsync(60_000);
    expect(idsOf(sink.events)).toEqual(['c1', 'd1']);
  });

  test('bytes count as well', () => {
    const sink = new RecordingSink('away', () => retryable);
    const size = JSON.stringify(connected('first').event).length;
    const { outbox, counted } = givenAnOutbox([sink], { maxEvents: 1_000, maxBytes: 4 * size });
    void outbox.append(connected('first'));
    for (let i = 0; i < 5; i++) {
      void outbox.append(connected(`c${i}`));
      void outbox.append(disconnected(`d${i}`, `c${i}`));
    }
    expect(counted.leftOut).toBeGreaterThan(0);
    expect(outbox.depth()[0]?.bytes).toBeLessThanOrEqual(5 * size);
  });
});

describe('the end', () => {
  test('drained resolves when everything is confirmed', async () => {
    const sink = new RecordingSink();
    const { outbox } = givenAnOutbox([sink]);
    void outbox.append(connected('e1'));
    await outbox.drained(new AbortController().signal);
    expect(idsOf(sink.events)).toEqual(['e1']);
  });

  test('drained gives up when its signal aborts, and close leaves no timer', async () => {
    const sink = new RecordingSink('away', () => retryable);
    const { outbox, clock } = givenAnOutbox([sink]);
    void outbox.append(connected('e1'));
    const patience = new AbortController();
    const drained = outbox.drained(patience.signal);
    await settled();
    patience.abort();
    await drained;
    await outbox.close();
    expect(clock.armed).toBe(0);
  });
});

test('nothing is sent while publishing is not allowed, and then everything, in order', async () => {
  const sink = new RecordingSink('events');
  let may = true;
  const { outbox } = givenAnOutbox([sink], undefined, undefined, () => may);
  may = false;
  void outbox.append(connected('1'));
  void outbox.append(disconnected('2', '1'));
  outbox.announce(connected('3', 'd2'));
  await settled();
  expect(sink.attempts).toEqual([]);
  may = true;
  outbox.sendAgain();
  await settled();
  expect(idsOf(sink.events).toSorted()).toEqual(['1', '2', '3']);
  expect(idsOf(sink.events).filter((id) => id !== '3')).toEqual(['1', '2']);
});

test('an event that may not be published any more when the journal has it is not sent', async () => {
  const sink = new RecordingSink('events');
  const journal = createLateJournal();
  let may = true;
  const { outbox } = givenAnOutbox([sink], undefined, journal, () => may);
  void outbox.append(connected('1'));
  await settled();
  may = false;
  journal.commit();
  await settled();
  expect(sink.attempts).toEqual([]);
  may = true;
  outbox.sendAgain();
  await settled();
  expect(idsOf(sink.events)).toEqual(['1']);
});

test.each(['in memory', 'in the journal alone'])(
  'an event that others publish is not sent, is forgotten, and delays no other, if it waits %s',
  async (where) => {
    let answer: Delivery = retryable;
    const sink = new RecordingSink('events', () => answer);
    const journal = createHoldingJournal();
    const maxMemoryBytes = where === 'in memory' ? 1_000_000 : 0;
    const bounds = { maxEvents: 1_000, maxBytes: 10_000_000, maxMemoryBytes };
    const { outbox, clock } = givenAnOutbox([sink], bounds, journal);
    void outbox.append(connected('1'));
    void outbox.append(disconnected('2', '1'));
    void outbox.append(connected('3'));
    void outbox.append(connected('4', 'd2'));
    await settled();
    outbox.withdraw(['1', '4'] as ConnectionId[]);
    answer = { status: 'delivered' };
    await clock.advanceAsync(60_000);
    expect(idsOf(sink.events)).toEqual(['3']);
    expect(new Set(journal.forgotten)).toEqual(new Set([1, 2, 3, 4]));
    expect(outbox.depth()).toMatchObject([{ events: 0 }]);
    // Later events are not affected.
    void outbox.append(connected('5', 'd1', 'acme', '1'));
    await settled();
    expect(idsOf(sink.events)).toEqual(['3', '5']);
  },
);
