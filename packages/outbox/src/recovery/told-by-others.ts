import type { ConnectionId } from '@rollcall/core';
import type { Succession, UntoldEndings } from '@rollcall/core/directory';
import type { DisconnectedEvent } from '@rollcall/core/events';
import type { OutboundEvent } from '@rollcall/core/sink';
import type { Outbox } from '../delivery/outbox-contract.ts';
import type { Journal, Place } from '../journal/journal.ts';

/** How many waiting events are read together. */
const together = 500;

interface ToldByOthersOptions {
  readonly outbox: Pick<Outbox, 'holdings'>;
  readonly journal: Pick<Journal, 'read'>;
  /**
   * An incarnation whose endings no other instance publishes: what waits from its first event on is its own, or was asked about when it
   * began. To read a million events would take a minute.
   */
  readonly upTo?: string | undefined;
  /** Who publishes the endings of an incarnation. */
  whose(instance: string): Promise<Succession>;
  /** See `ConnectionDirectory`. */
  untoldOf(instance: string, connections: readonly DisconnectedEvent[]): Promise<UntoldEndings | undefined>;
}

/**
 * Of the events that wait from earlier incarnations: connections whose endings others publish, or did. Such an incarnation was killed when
 * its journal had the ending, and before the directory knew of it.
 */
export async function toldByOthers(options: ToldByOthersOptions): Promise<readonly ConnectionId[]> {
  const { outbox, journal, whose, upTo } = options;
  const waiting = new Set<Place>();
  for (const { place } of outbox.holdings().waiting()) waiting.add(place);
  // In the order in which they were appended.
  const places = Float64Array.from(waiting).toSorted();
  const told: ConnectionId[] = [];
  const verdicts = new Map<string, Succession>();
  for (let at = 0; at < places.length; at += together) {
    // What cannot be read now is sent: twice is better than never.
    const events = await journal.read([...places.subarray(at, at + together)]).catch(() => []);
    const endings = events.flatMap((outbound) =>
      outbound?.event.type === 'disconnected' && outbound.ofAnother !== true ? [outbound.event] : [],
    );
    for (const [instance, some] of Map.groupBy(endings, ({ adapter }) => adapter.instance)) {
      const verdict = verdicts.get(instance) ?? (await whose(instance));
      verdicts.set(instance, verdict);
      if (verdict.whose === 'others') told.push(...(await toldOf(instance, some, options)));
    }
    const isOwn = (each: OutboundEvent | undefined): boolean =>
      each?.ofAnother !== true && each?.event.adapter.instance === upTo;
    if (upTo !== undefined && events.some(isOwn)) break;
  }
  return told;
}

async function toldOf(
  instance: string,
  endings: readonly DisconnectedEvent[],
  { untoldOf }: ToldByOthersOptions,
): Promise<readonly ConnectionId[]> {
  const untold = await untoldOf(instance, endings);
  if (!untold) return [];
  return endings
    .map(({ connectionId }) => connectionId)
    .filter((connection) => !untold.connections.has(connection));
}
