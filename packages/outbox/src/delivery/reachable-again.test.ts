import { RecordingSink, settled } from '@rollcall/conformance';
import type { Delivery } from '@rollcall/core/sink';
import { afterEach, describe, expect, test } from 'vitest';
import { closeOutboxes, connected, givenAnOutbox, idsOf, retryable } from '../testing/given-outbox.ts';

afterEach(closeOutboxes);

describe('a destination that can be reached again', () => {
  const unreachable: Delivery = { status: 'retryable', cause: new Error('away'), unreachable: true };

  /** A sink whose destination is away until the test says otherwise. */
  function givenADestinationThatIsAway() {
    const listeners = new Set<() => void>();
    let away = true;
    const sink = Object.assign(
      new RecordingSink('recording', () => (away ? unreachable : { status: 'delivered' })),
      {
        onReachable(listener: () => void) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
    );
    return {
      sink,
      back() {
        away = false;
        for (const listener of listeners) listener();
      },
      subscribed: () => listeners.size,
    };
  }

  test('gets waiting events at once, each device in its order, and not when the next try would be due', async () => {
    const { sink, back } = givenADestinationThatIsAway();
    const { clock, outbox } = givenAnOutbox([sink]);
    for (let index = 0; index < 40; index++) void outbox.append(connected(`e${index}`, `d${index % 20}`));
    await clock.advanceAsync(600_000);
    back();
    await settled();
    await settled();
    expect(sink.events).toHaveLength(40);
    for (let device = 0; device < 20; device++)
      expect(idsOf(sink.events.filter((event) => event.device.device === `d${device}`))).toEqual([
        `e${device}`,
        `e${device + 20}`,
      ]);
  });

  test.each([1, 2, 3, 40])('gets %i events at once, also where it was away for a moment', async (count) => {
    const { sink, back } = givenADestinationThatIsAway();
    const { outbox } = givenAnOutbox([sink]);
    for (let index = 0; index < count; index++) void outbox.append(connected(`e${index}`, `d${index}`));
    await settled();
    back();
    await settled();
    await settled();
    expect(sink.events).toHaveLength(count);
  });

  test('that does not take an event at once is asked again as after a first failure, however long it was away', async () => {
    const { sink, back } = givenADestinationThatIsAway();
    const { clock, outbox } = givenAnOutbox([sink]);
    void outbox.append(connected('e1', 'd1'));
    await clock.advanceAsync(600_000);
    const { answer } = sink;
    sink.answer = () => retryable;
    back();
    await settled();
    sink.answer = answer;
    await clock.advanceAsync(200);
    expect(idsOf(sink.events)).toEqual(['e1']);
  });

  test('gets waiting events with the first event that it accepts, even if the sink does not say that it is reachable', async () => {
    const { sink, back } = givenADestinationThatIsAway();
    const { outbox } = givenAnOutbox([Object.assign(sink, { onReachable: () => () => {} })]);
    void outbox.append(connected('waits', 'd1'));
    await settled();
    back();
    void outbox.append(connected('comes', 'd2'));
    await settled();
    await settled();
    expect(idsOf(sink.events)).toEqual(['comes', 'waits']);
  });

  test('gets waiting events of every tenant', async () => {
    const { sink, back } = givenADestinationThatIsAway();
    const { outbox } = givenAnOutbox([sink]);
    const tenants = ['acme', 'umbrella', 'other'];
    for (const tenant of tenants) void outbox.append(connected(tenant, 'd1', tenant));
    await settled();
    back();
    await settled();
    expect(idsOf(sink.events)).toEqual(tenants);
  });

  test('gets waiting events once one try succeeds, even if the sink does not say that it is reachable', async () => {
    const { sink, back, subscribed } = givenADestinationThatIsAway();
    const silent = Object.assign(sink, { onReachable: () => () => subscribed() });
    const { clock, outbox } = givenAnOutbox([silent]);
    for (let index = 0; index < 20; index++) void outbox.append(connected(`e${index}`, `d${index}`));
    await clock.advanceAsync(600_000);
    back();
    const backAt = clock.monotonic();
    while (sink.events.length === 0) await clock.advanceAsync(10);
    await settled();
    expect(sink.events).toHaveLength(20);
    expect(clock.monotonic() - backAt).toBeLessThanOrEqual(5_010);
  });

  test('does not get the same event again and again if the sink put off only that event', async () => {
    const { sink, back } = givenADestinationThatIsAway();
    const { clock, outbox } = givenAnOutbox([sink]);
    for (let index = 0; index < 3; index++) void outbox.append(connected(`e${index}`, `d${index}`));
    await clock.advanceAsync(60_000);
    sink.answer = ({ event }) => (event.id === 'e0' ? retryable : { status: 'delivered' });
    const before = sink.attempts.length;
    for (let round = 0; round < 10; round++) {
      back();
      await settled();
    }
    const asked = sink.attempts.slice(before).filter(({ event }) => event.id === 'e0');
    expect(asked.length).toBeLessThanOrEqual(1);
    expect(idsOf(sink.events)).toEqual(['e1', 'e2']);
  });

  test('gets only one try at first, in case it is not back', async () => {
    const listeners: (() => void)[] = [];
    const sink = Object.assign(new RecordingSink('recording', () => unreachable), {
      onReachable(listener: () => void) {
        listeners.push(listener);
        return () => {};
      },
    });
    const { clock, outbox } = givenAnOutbox([sink]);
    for (let index = 0; index < 20; index++) void outbox.append(connected(`e${index}`, `d${index}`));
    await clock.advanceAsync(600_000);
    const before = sink.attempts.length;
    for (const listener of listeners) listener();
    await settled();
    expect(sink.attempts).toHaveLength(before + 1);
  });

  test('is listened to no longer than the outbox runs', async () => {
    const { sink, subscribed } = givenADestinationThatIsAway();
    const { outbox } = givenAnOutbox([sink]);
    expect(subscribed()).toBe(1);
    await outbox.close();
    expect(subscribed()).toBe(0);
  });
});
