import { later } from '@rollcall/core';
import type { LinkHost } from './amqp-connection.ts';
import { refusedBy } from './attach-sender.ts';
import type { Dialled } from './dial.ts';
import { openReceiver, type ReceiverLink, type ReceiverOptions } from './receiver-link.ts';
import type { AttachRefused } from './send-outcome.ts';
import { createSenderLink, type SenderLink, type SenderOptions } from './sender-link.ts';

/** How long a peer may take to begin a session, or to end one: neither depends on its consumers. */
const answerWithinMs = 2_000;

/** Connections whose peer was asked, and has not answered yet, whether it still begins sessions. */
const asked = new WeakSet<Dialled>();

/** A sender link with its own session, opened again whenever the peer ends it. Its failures do not affect other links. */
export function openOwnSessionSender(
  shared: LinkHost,
  address: string | undefined,
  options: SenderOptions,
): SenderLink {
  const own = withOwnSession(shared);
  const link = createSenderLink(own.host, address, options);
  return {
    send: (message, sendOptions) => link.send(message, sendOptions),
    submit: (message, sendOptions, done) => link.submit(message, sendOptions, done),
    async close() {
      await link.close();
      own.end();
    },
  };
}

/** A receiver link with its own session, opened again whenever the peer ends it. */
export function openOwnSessionReceiver(
  shared: LinkHost,
  address: string,
  options: ReceiverOptions,
): ReceiverLink {
  const own = withOwnSession(shared);
  const link = openReceiver(own.host, address, options);
  return {
    attached: () => link.attached(),
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
  const { patience } = shared;
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
        window: {
          ...opened.window,
          // Nothing may follow the end of a session, and its room goes with it.
          abandon(delivery) {
            if (!begun.ended) opened.window.abandon(delivery);
          },
        },
        stall: {
          heard: () => opened.stall.heard(),
          overdue(patienceMs) {
            askForSession(connection);
            return opened.stall.overdue(patienceMs);
          },
        },
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

  /**
   * A broker that loses a session over a full queue may read nothing any more on the whole connection, though its socket
   * stays open (RabbitMQ 3.10): if it does not answer a second `begin` either, it is hung and not slow.
   */
  function askForSession(connection: Dialled): void {
    if (asked.has(connection)) return;
    const probe = connection.openSession();
    if (!probe) return;
    asked.add(connection);
    const answered = expectAnswer(connection, 'no session is begun any more');
    probe.session.once('session_open', () => {
      answered();
      asked.delete(connection);
      probe.session.close();
    });
  }

  function endSession(ending: OwnSession): void {
    if (ending.ended) return;
    ending.ended = true;
    const { connection } = ending;
    const { session } = ending.dialled;
    if (shared.current() !== connection) return;
    session.close();
    // Without an answer its channel number is taken for as long as the connection.
    session.once('session_close', expectAnswer(connection, 'the end of a session was not answered'));
  }

  /** Gives the connection up unless the result is called in time. */
  function expectAnswer(connection: Dialled, cause: string): () => void {
    const disarm = patience.at(later(patience.monotonic(), answerWithinMs), () => {
      forget();
      connection.hangUp(false, cause);
    });
    const forget = shared.onLost(() => answered());
    const answered = (): void => {
      disarm();
      forget();
    };
    return answered;
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
