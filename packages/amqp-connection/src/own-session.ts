import { later } from '@rollcall/core';
import type { LinkHost } from './amqp-connection.ts';
import { refusedBy } from './attach-sender.ts';
import type { Dialled } from './dial.ts';
import type { AttachRefused } from './send-outcome.ts';
import { createSenderLink, type SenderLink, type SenderOptions } from './sender-link.ts';

/** How long a peer may take to answer the end of a session. */
const endTimeoutMs = 1_000;

/** A sender link with a session of its own, begun anew whenever the peer ends it. What befalls it is its own. */
export function openOwnSessionSender(
  shared: LinkHost,
  address: string | undefined,
  options: SenderOptions,
): SenderLink {
  const own = withOwnSession(shared);
  const link = createSenderLink(own.host, address, options);
  return {
    send: (message, sendOptions) => link.send(message, sendOptions),
    async close() {
      await link.close();
      own.end();
    },
  };
}

interface OwnSession {
  readonly connection: Dialled;
  /** The connection as the link sees it: with this session, and hanging up ends this session only. */
  readonly dialled: Dialled;
  /** Whether one of the two sides ended it. */
  ended: boolean;
}

function withOwnSession(shared: LinkHost): { readonly host: LinkHost; end(): void } {
  const { clock } = shared.options;
  const renewed = new Set<() => void>();
  const lost = new Set<(cause: string) => void>();
  const ended = new Set<(why: AttachRefused) => void>();
  let own: OwnSession | undefined;

  function current(): Dialled | undefined {
    const connection = shared.current();
    if (!connection) return undefined;
    if (own?.connection !== connection || own.ended) own = begin(connection);
    // A peer without room for another session gets by with the one that is there.
    return own?.dialled ?? connection;
  }

  function begin(connection: Dialled): OwnSession | undefined {
    const opened = connection.openSession();
    if (!opened) return undefined;
    const begun: OwnSession = {
      connection,
      ended: false,
      dialled: {
        ...connection,
        ...opened,
        hangUp(_politely, cause) {
          endSession(begun);
          for (const listener of lost) listener(cause);
          for (const listener of renewed) listener();
        },
      },
    };
    opened.session.once('session_close', () => {
      if (begun.ended) return;
      begun.ended = true;
      const why = refusedBy(opened.session.error);
      for (const listener of ended) listener(why);
    });
    return begun;
  }

  function endSession(ending: OwnSession): void {
    if (ending.ended) return;
    ending.ended = true;
    const { connection } = ending;
    const { session } = ending.dialled;
    if (shared.current() !== connection) return;
    session.close();
    // A broker may have lost the session without a word: its channel number is then taken for as long as the connection.
    const disarm = clock.at(later(clock.monotonic(), endTimeoutMs), () => {
      stopWaiting();
      connection.hangUp(false, 'the end of a session was not answered');
    });
    const stopWaiting = shared.onLost(() => finish());
    const finish = (): void => {
      disarm();
      stopWaiting();
    };
    session.once('session_close', finish);
  }

  const subscribe = <Listener>(listeners: Set<Listener>, listener: Listener): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };

  const host: LinkHost = {
    ...shared,
    current,
    onDialled(listener) {
      const unsubscribe = [shared.onDialled(listener), subscribe(renewed, listener)];
      return () => unsubscribe.forEach((each) => each());
    },
    onLost(listener) {
      const unsubscribe = [shared.onLost(listener), subscribe(lost, listener)];
      return () => unsubscribe.forEach((each) => each());
    },
    onSessionEnded: (listener) => subscribe(ended, listener),
  };
  return { host, end: () => own && endSession(own) };
}
