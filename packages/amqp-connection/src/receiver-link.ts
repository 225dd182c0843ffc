import { later } from '@rollcall/core';
import type { ReceivedMessage } from '@rollcall/core/wire';
import { settle, type Verdict } from '@rollcall/rhea-internals';
import type rhea from 'rhea';
import type { LinkHost } from './amqp-connection.ts';
import { attachReceiver } from './attach-receiver.ts';
import { defaultTimings } from './options.ts';
import type { TerminusOptions } from './terminus-options.ts';
import { toReceivedMessage } from './to-received-message.ts';

export interface ReceiverOptions {
  /** Messages that may be under way or in the handler at a time. */
  readonly credit: number;
  /** Whether the subscription goes with its link (terminus expiry-policy `link-detach`, AMQP 1.0 §3.5.6). */
  readonly temporary?: boolean;
  /** What is asked of the source; default: nothing. */
  readonly source?: TerminusOptions;
  /** Whether the link has a session of its own: of networks that end a session over a bad address. */
  readonly ownSession?: boolean;
  /** Handles one message; the result settles it, a rejection releases it. */
  onMessage(message: ReceivedMessage, delivery: ReceivedDelivery): Promise<Settlement>;
  /** Told why nothing can be received, whenever the network refuses or ends the link, or the session or connection it is on. */
  onRefused?(cause: string): void;
  /** Told of every attach, and of every loss of the link with its cause. */
  onStateChange?(attached: boolean, cause?: string): void;
}

/** What becomes of a message. */
export type Settlement = 'accepted' | 'released' | 'rejected';

/** How a message came. */
export interface ReceivedDelivery {
  /** Whether its link is gone: the network sends it again, and how it is settled here means nothing. */
  gone(): boolean;
  /** Lets another message come while this one waits, once. A session has room for 2,048 that are not settled. */
  hold(): void;
}

export interface ReceiverLink {
  /** Whether messages can arrive now. */
  attached(): boolean;
  close(): Promise<void>;
}

/** Wait before a link that was refused or lost is tried again on the same connection. */
const attachAgainMs = 1_000;

const verdicts: Readonly<Record<Settlement, Verdict>> = {
  accepted: { kind: 'accepted' },
  released: { kind: 'released' },
  rejected: { kind: 'rejected', condition: 'amqp:not-allowed' },
};

/** Receives from one address, on whatever connection there is. */
export function openReceiver(host: LinkHost, address: string, options: ReceiverOptions): ReceiverLink {
  const { patience } = host;
  const { clock, log, linkTimeoutMs = defaultTimings.linkTimeoutMs } = host.options;
  let receiver: rhea.Receiver | undefined;
  let isOpen = false;
  let disarm: (() => void) | undefined;
  let lastComplaint: string | undefined;

  function attach(): void {
    const dialled = host.current();
    if (!dialled) return;
    const attached = attachReceiver(
      dialled.session,
      address,
      options.temporary === true,
      options.source ?? {},
      {
        opened() {
          if (receiver !== attached) return;
          disarm?.();
          isOpen = true;
          lastComplaint = undefined;
          attached.add_credit(options.credit);
          options.onStateChange?.(true);
        },
        detached(cause) {
          if (receiver !== attached) return;
          leaveLink(cause);
          attachLater(cause);
        },
        received: (delivery, message) => void handle(attached, delivery, message),
        undecodable: (delivery, error) => refuse(attached, delivery, error),
      },
    );
    receiver = attached;
    disarm = patience.at(later(patience.monotonic(), linkTimeoutMs), () => {
      attached.close();
      receiver = undefined;
      attachLater(`no answer within ${linkTimeoutMs} ms`);
    });
  }

  function attachLater(cause: string): void {
    // The same trouble is told once, not with every try.
    if (cause !== lastComplaint) log.warn({ address, cause }, 'messaging network does not let us receive');
    lastComplaint = cause;
    options.onRefused?.(cause);
    disarm = clock.at(later(clock.monotonic(), attachAgainMs), attach);
  }

  async function handle(from: rhea.Receiver, delivery: rhea.Delivery, message: rhea.Message): Promise<void> {
    let settlement: Settlement;
    let renewed = false;
    // On another link the delivery means nothing any more: the network sends it again.
    const gone = (): boolean => from !== receiver || !from.is_open();
    const renew = (): void => {
      if (renewed || gone()) return;
      renewed = true;
      from.add_credit(1);
    };
    try {
      settlement = await options.onMessage(toReceivedMessage(message), { gone, hold: renew });
    } catch (error) {
      log.error({ address, err: error }, 'message could not be handled and is given back');
      settlement = 'released';
    }
    if (gone()) return;
    settle(delivery, verdicts[settlement]);
    renew();
  }

  function refuse(from: rhea.Receiver, delivery: rhea.Delivery, error: unknown): void {
    log.error({ address, err: error }, 'what arrived is no message, and is rejected');
    if (from !== receiver || !from.is_open()) return;
    settle(delivery, verdicts.rejected);
    from.add_credit(1);
  }

  function leaveLink(cause: string): void {
    disarm?.();
    receiver = undefined;
    if (!isOpen) return;
    isOpen = false;
    options.onStateChange?.(false, cause);
  }

  const unsubscribeDialled = host.onDialled(attach);
  const unsubscribeLost = host.onLost((cause) => {
    const wasUsed = receiver !== undefined;
    leaveLink(cause);
    if (wasUsed && !host.closed()) options.onRefused?.(cause);
  });
  const unsubscribeEnded = host.onSessionEnded?.(({ condition, description }) => {
    if (!receiver) return;
    const cause = [condition, description].filter(Boolean).join(': ') || 'session ended by the peer';
    leaveLink(cause);
    attachLater(cause);
  });

  return {
    attached: () => isOpen,
    async close() {
      unsubscribeDialled();
      unsubscribeLost();
      unsubscribeEnded?.();
      disarm?.();
      receiver?.close();
      receiver = undefined;
      isOpen = false;
    },
  };
}
