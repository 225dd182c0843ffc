import { RecordingSink, settled } from '@rollcall/conformance';
import type { OutboundEvent } from '@rollcall/core/sink';
import { afterEach, describe, expect, test } from 'vitest';
import {
  closeOutboxes,
  connected,
  disconnected,
  givenAnOutbox,
  idsOf,
  retryable,
} from '../testing/given-outbox.ts';

afterEach(closeOutboxes);

describe('an announcement', () => {
  const again = (id: string, device?: string): OutboundEvent => ({
    ...connected(id, device),
    announcement: true,
  });
  const emptyDepth = { events: 0, bytes: 0, parked: 0, refusingTenants: 0, oldestAt: undefined };

  test('goes to every sink, and delays no event', async () => {
    const sinks = [new RecordingSink('one'), new RecordingSink('two')];
    const { outbox } = givenAnOutbox(sinks);
    outbox.announce(again('e1'));
    expect(outbox.depth()).toMatchObject([emptyDepth, emptyDepth]);
    await settled();
    for (const sink of sinks)
      expect(sink.attempts).toMatchObject([{ event: { id: 'e1' }, announcement: true }]);
  });

  test('is tried once, and neither kept nor parked, whatever the sink answers', async () => {
    for (const answer of [retryable, { status: 'refused', cause: new Error('no') } as const]) {
      const sink = new RecordingSink('away', () => answer);
      const { outbox, clock, counted } = givenAnOutbox([sink]);
      outbox.announce(again('e1'));
      await clock.advanceAsync(60_000);
      expect(sink.attempts).toHaveLength(1);
      expect([counted.retried, counted.parked]).toEqual([0, []]);
      expect(outbox.depth()).toMatchObject([emptyDepth]);
    }
  });

  test('is not sent while an event of the device waits, or the sink is in trouble', async () => {
    const sink = new RecordingSink('away', () => retryable);
    const { outbox, clock } = givenAnOutbox([sink]);
    void outbox.append(connected('e1', 'a'));
    await settled();
    outbox.announce(again('e0', 'a'));
    outbox.announce(again('e2', 'b'));
    sink.answer = () => ({ status: 'delivered' });
    await clock.advanceAsync(60_000);
    expect(idsOf(sink.events)).toEqual(['e1']);
    outbox.announce(again('e2', 'b'));
    await settled();
    expect(idsOf(sink.events)).toEqual(['e1', 'e2']);
  });

  test('comes before the end of its connection, and does not count as half of a pair that could be left out', async () => {
    const answers: (() => void)[] = [];
    const sink = new RecordingSink(
      'slow',
      () => new Promise((resolve) => answers.push(() => resolve({ status: 'delivered' }))),
    );
    const { outbox, counted } = givenAnOutbox([sink], { maxEvents: 1, maxBytes: 10_000_000 });
    for (let index = 0; index < 8; index++) void outbox.append(connected(`busy-${index}`, `other-${index}`));
    outbox.announce(again('e1'));
    void outbox.append(disconnected('e2', 'e1'));
    expect(counted.leftOut).toBe(0);
    while (answers.length > 0) {
      answers.shift()?.();
      await settled();
    }
    expect(idsOf(sink.events).slice(-2)).toEqual(['e1', 'e2']);
  });
});
