import { later } from '@rollcall/core/environment';
import { settle, type Verdict } from '@rollcall/rhea-internals';
import type rhea from 'rhea';
import { amqpErrorText } from './amqp-error.ts';
import { attachReceiver } from './attach-receiver.ts';
import type { LinkHost } from './link-host.ts';
import { defaultTimings, peerNameOf } from './options.ts';
import type { ReceiverLink, ReceiverOptions, Settlement } from './receiver-options.ts';
import type { AttachRefused } from './send-outcome.ts';
import { toReceivedMessage } from './to-received-message.ts';

type State =
  /** There is no connection. */
  | { readonly phase: 'detached' }
  /** The peer has not answered the attach. */
  | { readonly phase: 'attaching'; readonly receiver: rhea.Receiver; disarm(): void }
  | { readonly phase: 'open'; readonly receiver: rhea.Receiver }
  /** The peer refused the link or ended it: it is attached again later. */
  | { readonly phase: 'pausing'; disarm(): void }
  | { readonly phase: 'closed' };

/** Wait before a link that was refused or lost is tried again on the same connection. */
const attachAgainMs = 1_000;

const verdicts: Readonly<Record<Settlement, Verdict>> = {
  accepted: { kind: 'accepted' },
  released: { kind: 'released' },
  rejected: { kind: 'rejected', condition: 'amqp:not-allowed' },
};

/** Receives from one address, on each new connection again. */
export function openReceiver(host: LinkHost, address: string, options: ReceiverOptions): ReceiverLink {
  return new ReattachingReceiver(host, address, options);
}

class ReattachingReceiver implements ReceiverLink {
  readonly #host: LinkHost;
  readonly #address: string;
  readonly #options: ReceiverOptions;
  readonly #unsubscribe: readonly (() => void)[];
  #state: State = { phase: 'detached' };
  #lastComplaint: string | undefined;

  constructor(host: LinkHost, address: string, options: ReceiverOptions) {
    this.#host = host;
    this.#address = address;
    this.#options = options;
    this.#unsubscribe = [
      host.onDialled(() => this.#attach()),
      host.onLost((cause) => this.#lost(cause)),
      host.onSessionEnded?.((why) => this.#sessionEnded(why)) ?? (() => {}),
    ];
  }

  attached(): boolean {
    return this.#state.phase === 'open';
  }

  async close(): Promise<void> {
    const receiver = this.#receiver();
    this.#enter({ phase: 'closed' });
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    receiver?.close();
  }

  #receiver(): rhea.Receiver | undefined {
    return 'receiver' in this.#state ? this.#state.receiver : undefined;
  }

  /** A listener may close the link in the middle of any step: it stays closed. */
  #enter(state: State): void {
    if (this.#state.phase === 'closed') return;
    if ('disarm' in this.#state) this.#state.disarm();
    this.#state = state;
  }

  #attach(): void {
    const dialled = this.#host.current();
    if (!dialled || this.#state.phase === 'closed') return;
    const { temporary = false, source = {} } = this.#options;
    const isCurrent = (): boolean => this.#receiver() === receiver;
    const receiver = attachReceiver(dialled.session, this.#address, temporary, source, {
      opened: () => {
        if (isCurrent()) this.#opened(receiver);
      },
      detached: (cause) => {
        if (isCurrent()) this.#detached(cause);
      },
      received: (delivery, message) => void this.#handle(receiver, delivery, message),
      undecodable: (delivery, error) => this.#reject(receiver, delivery, error),
    });
    const { patience } = this.#host;
    const { linkTimeoutMs = defaultTimings.linkTimeoutMs } = this.#host.options;
    const disarm = patience.at(later(patience.monotonic(), linkTimeoutMs), () => {
      receiver.close();
      this.#detached(`no answer within ${linkTimeoutMs} ms`);
    });
    this.#enter({ phase: 'attaching', receiver, disarm });
  }

  #opened(receiver: rhea.Receiver): void {
    this.#enter({ phase: 'open', receiver });
    this.#lastComplaint = undefined;
    receiver.add_credit(this.#options.credit);
    this.#options.onStateChange?.(true);
  }

  #detached(cause: string): void {
    this.#leave(cause);
    this.#attachLater(cause);
  }

  #sessionEnded(why: AttachRefused): void {
    if (this.#receiver()) this.#detached(amqpErrorText(why, 'session ended by the peer'));
  }

  #lost(cause: string): void {
    const hadLink = this.#receiver() !== undefined;
    this.#leave(cause);
    if (hadLink && !this.#host.closed()) this.#options.onRefused?.(cause);
  }

  #leave(cause: string): void {
    const wasOpen = this.#state.phase === 'open';
    this.#enter({ phase: 'detached' });
    if (wasOpen) this.#options.onStateChange?.(false, cause);
  }

  #attachLater(cause: string): void {
    const { clock, log } = this.#host.options;
    // A cause that stays the same is logged once, not at every try.
    if (cause !== this.#lastComplaint)
      log.warn(
        { address: this.#address, cause },
        `${peerNameOf(this.#host.options)} does not let us receive`,
      );
    this.#lastComplaint = cause;
    this.#options.onRefused?.(cause);
    if (this.#state.phase === 'closed') return;
    const disarm = clock.at(later(clock.monotonic(), attachAgainMs), () => this.#attach());
    this.#enter({ phase: 'pausing', disarm });
  }

  async #handle(from: rhea.Receiver, delivery: rhea.Delivery, message: rhea.Message): Promise<void> {
    let settlement: Settlement;
    let isRenewed = false;
    const gone = (): boolean => this.#isGone(from);
    const renewCredit = (): void => {
      if (isRenewed || gone()) return;
      isRenewed = true;
      from.add_credit(1);
    };
    try {
      settlement = await this.#options.onMessage(toReceivedMessage(message), { gone, hold: renewCredit });
    } catch (error) {
      const { log } = this.#host.options;
      log.error({ address: this.#address, err: error }, 'message could not be handled and is given back');
      settlement = 'released';
    }
    if (gone()) return;
    settle(delivery, verdicts[settlement]);
    renewCredit();
  }

  #reject(from: rhea.Receiver, delivery: rhea.Delivery, error: unknown): void {
    const { log } = this.#host.options;
    log.error({ address: this.#address, err: error }, 'what arrived is not a message, and is rejected');
    if (this.#isGone(from)) return;
    settle(delivery, verdicts.rejected);
    from.add_credit(1);
  }

  /** Whether a link is not the current one any more: the network sends its unsettled messages again. */
  #isGone(receiver: rhea.Receiver): boolean {
    return receiver !== this.#receiver() || !receiver.is_open();
  }
}
