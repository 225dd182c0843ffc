import type { Clock } from '@rollcall/core/environment';
import { refusedBy } from './attach-sender.ts';
import type { Dialled } from './dial.ts';
import { expectAnswer } from './expect-answer.ts';
import type { LinkHost } from './link-host.ts';
import type { AmqpConnectionOptions } from './options.ts';
import { probeSession } from './probe-session.ts';
import type { AttachRefused } from './send-outcome.ts';
import { subscribe } from './subscribe.ts';

interface OwnSession {
  readonly connection: Dialled;
  /** The connection as the link sees it: it has this session, and `hangUp` ends only this session. */
  readonly dialled: Dialled;
  /** Whether one of the two sides ended it. */
  ended: boolean;
}

/** The shared connection, as the host of one link that has a session of its own. A session that ended is followed by another. */
export class OwnSessionHost implements LinkHost {
  readonly options: AmqpConnectionOptions;
  readonly patience: Clock;
  readonly #shared: LinkHost;
  readonly #dialledListeners = new Set<() => void>();
  readonly #lostListeners = new Set<(cause: string) => void>();
  readonly #endedListeners = new Set<(why: AttachRefused) => void>();
  #own: OwnSession | undefined;

  constructor(shared: LinkHost) {
    this.#shared = shared;
    this.options = shared.options;
    this.patience = shared.patience;
  }

  current(): Dialled | undefined {
    const connection = this.#shared.current();
    if (!connection) return undefined;
    if (this.#own?.connection !== connection || this.#own.ended) this.#own = this.#begin(connection);
    // If the peer has no room for another session, the link uses the one that all links share.
    return this.#own?.dialled ?? connection;
  }

  closed(): boolean {
    return this.#shared.closed();
  }

  onDialled(listener: () => void): () => void {
    const unsubscribe = [this.#shared.onDialled(listener), subscribe(this.#dialledListeners, listener)];
    return () => unsubscribe.forEach((each) => each());
  }

  onLost(listener: (cause: string) => void): () => void {
    const unsubscribe = [this.#shared.onLost(listener), subscribe(this.#lostListeners, listener)];
    return () => unsubscribe.forEach((each) => each());
  }

  onSessionEnded(listener: (why: AttachRefused) => void): () => void {
    return subscribe(this.#endedListeners, listener);
  }

  /** Ends the session, and begins no other: the link is closed. */
  end(): void {
    if (this.#own) this.#end(this.#own);
  }

  #begin(connection: Dialled): OwnSession | undefined {
    const opened = connection.openSession();
    if (!opened) return undefined;
    const { session, window, stall } = opened;
    const own: OwnSession = {
      connection,
      ended: false,
      dialled: {
        ...connection,
        ...opened,
        window: {
          ...window,
          // After the end of a session no frame may follow on it, and its room is of no use.
          abandon(delivery) {
            if (!own.ended) window.abandon(delivery);
          },
        },
        stall: {
          heard: () => stall.heard(),
          overdue: (patienceMs) => {
            probeSession(this.#shared, connection);
            return stall.overdue(patienceMs);
          },
        },
        hangUp: (_politely, cause) => {
          this.#end(own);
          for (const listener of this.#lostListeners) listener(cause);
          for (const listener of this.#dialledListeners) listener();
        },
      },
    };
    session.once('session_close', () => {
      if (own.ended) return;
      own.ended = true;
      const why = refusedBy(session.error);
      for (const listener of this.#endedListeners) listener(why);
    });
    return own;
  }

  #end(own: OwnSession): void {
    if (own.ended) return;
    own.ended = true;
    const { connection } = own;
    const { session } = own.dialled;
    if (this.#shared.current() !== connection) return;
    session.close();
    // Without an answer its channel number stays in use for as long as the connection lasts.
    session.once(
      'session_close',
      expectAnswer(this.#shared, connection, 'the end of a session was not answered'),
    );
  }
}
