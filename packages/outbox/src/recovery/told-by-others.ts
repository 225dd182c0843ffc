import type { ConnectionId } from '@rollcall/core';
import type { Succession, UntoldEndings } from '@rollcall/core/directory';
import type { DisconnectedEvent } from '@rollcall/core/events';
import type { Outbox } from '../delivery/outbox-contract.ts';
import type { Journal, Place } from '../journal/journal.ts';

/** How many waiting events are read together. */
const together = 500;

export interface ToldByOthersOptions {
  readonly outbox: Pick<Outbox, 'holdings'>;
  readonly journal: Pick<Journal, 'read'>;
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
  const { outbox, journal, whose } = options;
  const waiting = new Set<Place>();
  for (const { place } of outbox.holdings().waiting()) waiting.add(place);
  const places = [...waiting];
  const told: ConnectionId[] = [];
  const verdicts = new Map<string, Succession>();
  while (places.length > 0) {
    // What cannot be read now is sent: twice is better than never.
    const events = await journal.read(places.splice(0, together)).catch(() => []);
    const endings = events.flatMap((outbound) =>
      outbound?.event.type === 'disconnected' && outbound.ofAnother !== true ? [outbound.event] : [],
    );
    for (const [instance, some] of Map.groupBy(endings, ({ adapter }) => adapter.instance)) {
      const verdict = verdicts.get(instance) ?? (await whose(instance));
      verdicts.set(instance, verdict);
      if (verdict.whose === 'others') told.push(...(await toldOf(instance, some, options)));
    }
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
