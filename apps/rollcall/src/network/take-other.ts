import type { DecodedEvent, HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';

/**
 * Shows events of Hono's own adapters, and says once that they name no connections.
 *
 * @param shared whether other consumers may receive the message instead.
 * @param tell called with a line for each kind of message.
 * @throws LeftToOthers when the message is given back.
 */
export function takeOther(
  message: Exclude<DecodedEvent, ReceivedEvent>,
  shared: boolean,
  tell: (line: string) => void,
  show: (event: HonoConnectionEvent) => void,
): void {
  if (message.type === 'hono') {
    tell(
      `events of ${message.source} name no connections, as those of Hono's own adapters: what they say is shown, and not put together`,
    );
    show(message);
    return;
  }
  tell(
    shared
      ? `messages arrive that are no connection events: they are left to others (${takesThemOut})`
      : 'messages arrive that are no connection events: they are not shown',
  );
  if (shared) throw new LeftToOthers('not for us');
}

const takesThemOut = 'in a queue of your own, --drop-others takes them out';

/** Why no more events arrive when there are no other consumers. */
export const onlyOthers = `so many messages that are no connection events come again and again that what is behind them does not arrive: no one else takes them (${takesThemOut})`;

/** Thrown to give a message back. */
export class LeftToOthers extends Error {}
