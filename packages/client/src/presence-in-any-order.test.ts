import { deviceRef, type Epoch } from '@rollcall/core';
import type { ReceivedConnected, ReceivedEvent } from '@rollcall/hono-wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  announced,
  connected,
  disconnected,
  epochAt,
  type Facts,
  givenATable,
  hour,
} from './testing/told-events.ts';

function inOrder([one = '']: readonly string[], [other = '']: readonly string[]): number {
  return one < other ? -1 : 1;
}

describe('the presence', () => {
  interface Stay extends Facts {
    /** Seconds it lasted; absent where it goes on. */
    readonly lasted: number | undefined;
    /** A second ending, e.g. one that was buried and came back. */
    readonly endsTwice: boolean;
    readonly isAnnounced: boolean;
    /** The adapter to which it moves: from then on that one announces it. */
    readonly movedTo: string | undefined;
    /** By how much its epoch was raised when it was announced, in milliseconds. */
    readonly raisedMs: number;
  }

  /** What really happened: connections of three devices over three adapters whose clocks differ. */
  const history = fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 20_000 }),
      lasted: fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined }),
      device: fc.constantFrom('one', 'two', 'three'),
      adapter: fc.constantFrom('mqtt-0', 'mqtt-1', 'mqtt-2'),
      slot: fc.option(fc.constantFrom('unit-1', 'unit-2'), { nil: undefined }),
      endsTwice: fc.boolean(),
      isAnnounced: fc.boolean(),
      movedTo: fc.option(fc.constantFrom('mqtt-0', 'mqtt-1', 'mqtt-2'), { nil: undefined }),
      raisedMs: fc.constantFrom(0, 0, 30_000, 300_000),
    }),
    { maxLength: 12 },
  );
  const skews: Readonly<Record<string, number>> = { 'mqtt-0': 0, 'mqtt-1': 5_000, 'mqtt-2': -20_000 };

  /** How many hours of their announcements were heard before. */
  const heardFor: Readonly<Record<string, number>> = { 'mqtt-0': 0, 'mqtt-1': 72, 'mqtt-2': 24 };

  function givenATableOfAdaptersHeardFor() {
    const given = givenATable();
    for (let left = 72; left >= 0; left -= 1) {
      for (const [adapter, hours] of Object.entries(heardFor))
        if (hours >= left && hours > 0)
          given.apply(announced(connected({ c: `of ${adapter}`, at: 0, adapter, device: `of ${adapter}` })));
      if (left > 0) given.clock.advance(hour);
    }
    return given;
  }

  function stays(generated: readonly Omit<Stay, 'c' | 'slot'>[]): readonly Stay[] {
    return generated.map((each, index) => ({
      ...each,
      c: `c${index}`,
      skewMs: skews[each.adapter ?? ''] ?? 0,
    }));
  }

  function eventsOf(stay: Stay): readonly ReceivedEvent[] {
    const begin = connected(stay);
    const known = { ...begin, epoch: epochOf(stay) };
    const ends = stay.lasted === undefined ? [] : [disconnected(known, stay.lasted)];
    const again =
      stay.lasted === undefined || !stay.endsTwice
        ? []
        : [disconnected(known, stay.lasted + 7, { id: `${stay.c}-again` })];
    return [begin, ...announcementsOf(stay), ...ends, ...again];
  }

  /** The announcements of one connection, all from the adapter that has it. */
  function announcementsOf(stay: Stay): readonly ReceivedConnected[] {
    const { isAnnounced, movedTo, raisedMs } = stay;
    const begin = connected(stay);
    const at =
      movedTo === undefined ? begin.adapter : { ...begin.adapter, id: movedTo, instance: `${movedTo}-1` };
    const again = announced({ ...begin, adapter: at });
    return [
      ...(isAnnounced || movedTo !== undefined ? [again] : []),
      ...(raisedMs > 0 ? [{ ...again, epoch: epochOf(stay) }] : []),
    ];
  }

  /** The greatest epoch in its events. */
  function epochOf(stay: Stay): Epoch {
    return epochAt(connected(stay).at + stay.raisedMs);
  }

  /** The rule, applied to all events at once. */
  function truth(
    all: readonly Stay[],
    name: string,
  ): { readonly online: readonly (readonly string[])[]; readonly offlineSince: number | undefined } {
    const ofDevice = all
      .filter(({ device: each }) => each === name)
      .map((stay) => ({ stay, event: connected(stay) }));
    const epochMs = (stay: Stay): number => Number.parseInt(epochOf(stay).slice(0, 12), 16);
    const online = ofDevice.filter(
      ({ stay }) =>
        stay.lasted === undefined &&
        !ofDevice.some(
          (other) =>
            stay.slot !== undefined &&
            other.stay.slot === stay.slot &&
            epochMs(other.stay) > epochMs(stay) + 60_000,
        ),
    );
    const ends = ofDevice.flatMap(({ stay, event }) =>
      stay.lasted === undefined ? [] : [event.at + stay.lasted * 1_000],
    );
    return {
      online: online
        .map(({ stay }) => [stay.c, stay.movedTo ?? stay.adapter ?? '', epochOf(stay)])
        .toSorted(inOrder),
      offlineSince: online.length > 0 || ends.length === 0 ? undefined : Math.max(...ends),
    };
  }

  test('is right after any order and any repetition of the events', () => {
    const shuffled = history.chain((generated) => {
      const all = stays(generated);
      const events = all.flatMap(eventsOf);
      return fc.record({
        all: fc.constant(all),
        events: fc
          .tuple(
            fc.shuffledSubarray(events, { minLength: events.length }),
            events.length === 0 ? fc.constant([]) : fc.array(fc.constantFrom(...events), { maxLength: 20 }),
          )
          .chain(([whole, again]) =>
            fc.shuffledSubarray([...whole, ...again], { minLength: whole.length + again.length }),
          ),
      });
    });
    fc.assert(
      fc.property(shuffled, ({ all, events }) => {
        const { table, apply } = givenATableOfAdaptersHeardFor();
        apply(...events);
        for (const name of ['one', 'two', 'three']) {
          const presence = table.get(deviceRef('acme', name));
          const { online, offlineSince } = truth(all, name);
          const seen =
            presence.status === 'online'
              ? presence.connections.map(({ connectionId, adapter, epoch }) => [
                  connectionId,
                  adapter.id,
                  epoch,
                ])
              : [];
          expect(seen.toSorted(inOrder)).toEqual(online);
          expect(presence.status === 'offline' ? presence.since : undefined).toBe(offlineSince);
        }
      }),
      { seed: 20_261_124, numRuns: 500 },
    );
  });
});
