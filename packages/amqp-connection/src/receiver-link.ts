import { sleep } from '@rollcall/core';
import type { ReceivedMessage } from '@rollcall/core/wire';
import type { EventContext, Receiver } from 'rhea-promise';
import type { LinkHost } from './amqp-connection.ts';
import type { Dialled } from './dial.ts';
import { settleDelivery, type Settlement } from './settle-delivery.ts';
import { toReceivedMessage } from './to-received-message.ts';

export interface ReceiverOptions {
  /** Messages that may be under way or in the handler at a time. */
  readonly credit: number;
  /** Whether the subscription goes with its link (terminus expiry-policy `link-detach`, AMQP 1.0 §3.5.6). */
  readonly temporary?: boolean;
  /** Handles one message; the result settles it, a rejection releases it. */
  onMessage(message: ReceivedMessage): Promise<Settlement>;
  /** Told of every attach, and of every loss of the link with its cause. */
  onStateChange?(attached: boolean, cause?: string): void;
}

export interface ReceiverLink {
  /** Whether messages can arrive now. */
  attached(): boolean;
  close(): Promise<void>;
}

/** Wait before a refused link is tried again on the same connection. */
const attachAgainMs = 1_000;

/** Receives from one address, on whatever connection there is. */
export function openReceiver(host: LinkHost, address: string, options: ReceiverOptions): ReceiverLink {
  const { clock, log } = host.options;
  const closing = new AbortController();
  let receiver: Receiver | undefined;

  async function attach(dialled: Dialled): Promise<void> {
    let endedBy: string | undefined;
    const ended = (context: EventContext): void => {
      const error = context.receiver?.error as { condition?: string; description?: string } | undefined;
      endedBy = [error?.condition, error?.description].filter(Boolean).join(': ') || 'closed by the peer';
      lost(endedBy);
      void attachAgain(dialled);
    };
    try {
      const opened = await dialled.session.createReceiver({
        source: {
          address,
          ...(options.temporary === true && { expiry_policy: 'link-detach', timeout: 0, durable: 0 }),
        },
        target: {},
        rcv_settle_mode: 0,
        credit_window: 0,
        autoaccept: false,
        autosettle: true,
        onError: ended,
        onClose: ended,
        onMessage: (context: EventContext) => void handle(context),
        onSessionClose: () => {},
      } as never);
      if (endedBy !== undefined) return;
      if (closing.signal.aborted) {
        await opened.close();
        return;
      }
      receiver = opened;
      opened.addCredit(options.credit);
      options.onStateChange?.(true);
    } catch (error) {
      if (endedBy !== undefined || host.current() !== dialled) return;
      const { condition, message, description } = (error ?? {}) as Record<string, string | undefined>;
      log.warn(
        { address, condition, cause: description ?? message },
        'messaging network refuses to let us receive',
      );
      await attachAgain(dialled);
    }
  }

  async function attachAgain(dialled: Dialled): Promise<void> {
    await sleep(clock, attachAgainMs, closing.signal);
    if (!closing.signal.aborted && host.current() === dialled && !receiver) await attach(dialled);
  }

  async function handle(context: EventContext): Promise<void> {
    const { message, delivery } = context;
    const from = context.receiver;
    if (!message || !delivery) return;
    let settlement: Settlement;
    try {
      settlement = await options.onMessage(toReceivedMessage(message));
    } catch (error) {
      log.error({ address, err: error }, 'message could not be handled and is given back');
      settlement = 'released';
    }
    // On another connection the delivery means nothing any more: the network sends it again.
    if (!from?.isOpen() || from !== receiver) return;
    settleDelivery(delivery, settlement);
    from.addCredit(1);
  }

  function lost(cause: string): void {
    if (!receiver) return;
    receiver = undefined;
    options.onStateChange?.(false, cause);
  }

  const unsubscribeDialled = host.onDialled((dialled) => void attach(dialled));
  const unsubscribeLost = host.onLost(() => lost('connection lost'));

  return {
    attached: () => receiver !== undefined,
    async close() {
      closing.abort();
      unsubscribeDialled();
      unsubscribeLost();
      const open = receiver;
      receiver = undefined;
      if (open?.isOpen()) await open.close().catch(() => {});
    },
  };
}
