import type { AuthenticatedDevice } from '@rollcall/access';
import type { AdapterHost } from '@rollcall/adapter-kit';
import type { OpenConnection } from '@rollcall/presence';
import { afterFailedUpload, createUploadWindow, type UploadResult } from '@rollcall/uplink';
import { forgo, settle } from '@rollcall/rhea-internals';
import type rhea from 'rhea';
import { endCauses, verdictOf } from './device-answers.ts';
import { LinkCredit, settlesLast } from './device-links.ts';
import { uploadRequest, type MessageContent } from './device-request.ts';
import type { AmqpSignal } from './tracker.ts';

export interface DeviceUploadsOptions {
  readonly host: AdapterHost;
  /** Absent: an anonymous device. */
  readonly identity: AuthenticatedDevice | undefined;
  readonly connection: OpenConnection<AmqpSignal>;
}

/** A message as rhea hands it on, with the link that it came on. */
export interface DeliveredMessage {
  readonly to: unknown;
  readonly content: MessageContent;
  readonly delivery: rhea.Delivery;
  readonly receiver: rhea.Receiver;
}

/** What a device sends: each message becomes an upload, and its outcome settles the message. */
export class DeviceUploads {
  readonly #options: DeviceUploadsOptions;
  readonly #window = createUploadWindow();
  readonly #credit = new LinkCredit();
  /** Messages without an outcome; `#answered` is called when there is none any more. */
  #unanswered = 0;
  #answered = (): void => {};

  constructor(options: DeviceUploadsOptions) {
    this.#options = options;
  }

  /** The device may send on this link. */
  attached(link: rhea.Receiver): void {
    this.#credit.begin(link, this.#unanswered);
  }

  /** Takes a message over, and answers it. */
  take(message: DeliveredMessage): void {
    void this.#answer(message);
  }

  /** Resolves when every message so far has its outcome, and that is written. */
  async allAnswered(): Promise<void> {
    if (this.#unanswered > 0) await new Promise<void>((resolve) => (this.#answered = resolve));
  }

  /** Never rejects. */
  async #answer(message: DeliveredMessage): Promise<void> {
    const { host, identity: by, connection } = this.#options;
    this.#unanswered += 1;
    try {
      const { to, content, delivery } = message;
      const request = uploadRequest({ by, to, content, presettled: delivery.remote_settled });
      this.#settle(
        message,
        'failure' in request ? request : await this.#window.run(() => host.uplink.upload(request)),
      );
    } catch (error) {
      host.context.failed('amqp: message', error);
      connection.report({ type: 'ended', reason: 'unspecified', raw: { code: 'amqp:internal-error' } });
    } finally {
      this.#unanswered -= 1;
      this.#credit.answered(this.#unanswered);
      // rhea writes the outcome in a tick of its own.
      if (this.#unanswered === 0) setImmediate(() => this.#answered());
    }
  }

  #settle({ delivery, receiver }: DeliveredMessage, result: UploadResult): void {
    const { host, identity: by, connection } = this.#options;
    if (result.status === 'failed')
      host.context.log.debug({ ...by?.device, ...result.failure }, 'upload failed');
    const isSettled = delivery.remote_settled;
    if (result.status === 'failed' && (isSettled || !receiver.is_open()))
      host.uplink.dropped(result.failure, by?.device);
    // What was under way on a link that is gone would fill the window of its session.
    if (!receiver.is_open()) return forgo(delivery);
    if (isSettled) forgo(delivery);
    else settle(delivery, verdictOf(result));
    // Where the device settles last, it has its credit back when it did.
    if (isSettled || !settlesLast(receiver)) this.#credit.giveBack(receiver);
    if (result.status === 'accepted') return;
    const next = afterFailedUpload(result, 'failure');
    if (next.type === 'close')
      connection.report({ type: 'ended', reason: next.reason, raw: endCauses['access-revoked'] });
  }
}
