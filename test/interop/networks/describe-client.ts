import { consume, type ConsumeOptions } from '@rollcall/client';
import { anOutboundEvent } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import type { EventSink } from '@rollcall/core/sink';
import { afterEach, expect, test } from 'vitest';
import type { InteropNetwork, NetworkTraits } from './interop-network.ts';
import { openEventsSink } from './network-client.ts';

/** What our consumer does on a messaging network; to be called in a `describe` that starts it. */
export function describeClient(networkOf: () => InteropNetwork, traits: NetworkTraits): void {
  const opened: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0).toReversed()) await each.close();
  });

  function begin(options: Partial<ConsumeOptions> & Pick<ConsumeOptions, 'onEvent'>) {
    const { port, choice, credentials } = networkOf();
    const consumer = consume({
      url: `amqp://127.0.0.1:${port}`,
      network: choice.name,
      ...credentials,
      ...options,
    });
    opened.push(consumer);
    return consumer;
  }

  async function deliver(sink: EventSink, tenant: string, id: string, device = 'device-1'): Promise<void> {
    const event = anOutboundEvent(id, { device: deviceRef(tenant, device) });
    const { status } = await sink.deliver(event, new AbortController().signal);
    expect(status).toBe('delivered');
  }

  const { everyTenant, givesBack } = traits;

  test.runIf(givesBack.includes('release'))(
    'our consumer gets the events of several tenants; a message that fails comes again in its turn, or is rejected in the end',
    async () => {
      const seen: string[] = [];
      const poisoned: string[] = [];
      const states: boolean[] = [];
      const consumer = begin({
        tenants: ['ours', 'theirs'],
        maxTries: 3,
        firstPauseMs: 100,
        onEvent({ id }) {
          seen.push(id);
          if (id === 'poison' || (id === 'late' && seen.filter((each) => each === id).length < 3))
            throw new Error(id);
        },
        onPoisoned: (event) => void poisoned.push(event.type === 'connected' ? event.id : event.type),
        onStateChange: (attached) => states.push(attached),
      });
      await consumer.ready;
      const sink = openEventsSink(networkOf());
      opened.push(sink);
      for (const id of ['late', 'behind', 'last']) await deliver(sink, 'ours', id);
      await deliver(sink, 'theirs', 'poison');
      await deliver(sink, 'theirs', 'other', 'device-2');
      await deliver(sink, 'theirs', 'after');
      const count = (id: string): number => seen.filter((each) => each === id).length;
      await expect
        .poll(() => [count('last'), count('after'), poisoned], { timeout: 30_000 })
        .toEqual([1, 1, ['poison']]);
      expect(seen.filter((id) => ['late', 'behind', 'last'].includes(id))).toEqual([
        ...['late', 'late', 'late', 'behind', 'last'],
      ]);
      expect(seen.filter((id) => ['poison', 'after'].includes(id))).toEqual([
        'poison',
        'poison',
        'poison',
        'after',
      ]);
      expect(count('other')).toBe(1);
      // Nothing of it cost a link, or a session.
      expect(states).toEqual([true]);
      // What was rejected does not come again.
      await consumer.close();
      const again = begin({
        tenants: ['ours', 'theirs'],
        onEvent: ({ id }) => void seen.push(`again ${id}`),
      });
      await again.ready;
      await deliver(sink, 'theirs', 'closing');
      await expect.poll(() => seen, { timeout: 30_000 }).toContain('again closing');
      expect(seen).not.toContain('again poison');
    },
  );

  test.runIf(everyTenant)('our consumer gets the events of all tenants', async () => {
    const { sender, application } = everyTenant ?? { sender: {} };
    const seen: string[] = [];
    const consumer = begin({
      tenants: 'all',
      ...(application === undefined ? { temporary: true } : { application }),
      onEvent: ({ id }) => void seen.push(id),
    });
    await consumer.ready;
    const sink = openEventsSink(networkOf(), sender);
    opened.push(sink);
    for (const number of [1, 2, 3])
      for (const tenant of ['north', 'south']) await deliver(sink, tenant, `${tenant}-${number}`);
    const of = (tenant: string) => seen.filter((id) => id.startsWith(tenant));
    await expect
      .poll(() => [of('north'), of('south')], { timeout: 30_000 })
      .toEqual(['north', 'south'].map((tenant) => [1, 2, 3].map((number) => `${tenant}-${number}`)));
  });
}
