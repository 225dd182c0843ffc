import type { EventSink } from '@rollcall/core/sink';
import { describe, expect, test } from 'vitest';
import { anOutboundEvent } from './an-event.ts';

export interface SinkUnderTest {
  readonly sink: EventSink;
  /** Event ids that reached the far side, in order of arrival. */
  received(): Promise<readonly string[]>;
  /** Ends whatever the test opened besides the sink. */
  cleanUp?(): Promise<void>;
}

/** Every sink must pass. Call it from the sink's own tests: `describeSink('amqp', openAgainstNetwork)`. */
export function describeSink(name: string, open: () => Promise<SinkUnderTest>): void {
  describe(`${name} honours the EventSink contract`, () => {
    const unhurried = new AbortController().signal;

    async function withSink(use: (under: SinkUnderTest) => Promise<void>): Promise<void> {
      const under = await open();
      try {
        await use(under);
      } finally {
        await under.sink.close();
        await under.cleanUp?.();
      }
    }

    test('deliver() delivers each of many events at the same time, and does not change them', () =>
      withSink(async ({ sink, received }) => {
        const ids = Array.from({ length: 50 }, (_, index) => `e${index}`);
        const outbound = ids.map((id) => anOutboundEvent(id));
        const before = structuredClone(outbound);
        const answers = await Promise.all(outbound.map((event) => sink.deliver(event, unhurried)));
        expect(answers).toEqual(ids.map(() => ({ status: 'delivered' })));
        expect((await received()).toSorted()).toEqual(ids.toSorted());
        expect(outbound).toEqual(before);
      }));

    test('deliver() answers retryable, and sends nothing, when its signal is aborted', () =>
      withSink(async ({ sink, received }) => {
        const answer = await sink.deliver(anOutboundEvent('e1'), AbortSignal.abort());
        expect(answer.status).toBe('retryable');
        expect(await received()).toEqual([]);
      }));

    test('deliver() answers retryable after close(), which may be called twice', () =>
      withSink(async ({ sink }) => {
        await sink.close();
        await sink.close();
        expect((await sink.deliver(anOutboundEvent('e1'), unhurried)).status).toBe('retryable');
      }));
  });
}
