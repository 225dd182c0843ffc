import { afterReading } from '@rollcall/adapter-kit/arrival';
import type { AuthenticatedDevice } from '@rollcall/access';
import type { AdapterHost } from '@rollcall/adapter-kit';
import type { OpenConnection } from '@rollcall/presence';
import { createUploadWindow, type UploadRequest, type UploadResult } from '@rollcall/uplink';
import { AnswerOrder } from './answer-order.ts';
import type { UploadFailure } from '@rollcall/core/device-data';
import type { Client } from 'aedes';
import type { IPublishPacket } from 'mqtt-packet';
import { internalsOf } from './aedes/aedes-internals.ts';
import { answerUpload, hearsOf, type UploadAnswer } from './device-answers.ts';
import { doesNotRead } from './protocol-violations.ts';
import { reasonCodes } from './reason-codes.ts';
import { parseTopic, type ParsedTopic } from './topics.ts';
import type { MqttSignal } from './tracker.ts';
import { ExactlyOnce } from './exactly-once.ts';
import { errorMessage, type ErrorSubscriptions } from './error-subscriptions.ts';
import { uploadRequest } from './device-request.ts';
import { writeAccepted, writePacket, type Addressee } from './write-packet.ts';

/** How long a device may take to read its answers; aedes grants as much for those that it writes itself. */
const readWithinMs = 60_000;
/** The same of a device that ended its session: its keep-alive is over, and nothing else would end its connection. */
const readLastWithinMs = 1_000;

export interface DeviceUploadsOptions {
  readonly client: Client;
  readonly host: AdapterHost;
  /** Absent: an anonymous device. */
  readonly identity: AuthenticatedDevice | undefined;
  readonly connection: OpenConnection<MqttSignal>;
  readonly addressee: Addressee;
  /** Messages of QoS 1 and 2 that may be unanswered. */
  readonly receiveMaximum: number;
  readonly errors: ErrorSubscriptions;
}

/** What a device publishes: each PUBLISH becomes an upload, and its outcome the answer. */
export class DeviceUploads {
  readonly #options: DeviceUploadsOptions;
  readonly #window = createUploadWindow();
  /** Messages without their PUBACK or PUBREC. */
  #unanswered = 0;
  /** Most devices send nothing of QoS 2. */
  #exactlyOnce: ExactlyOnce | undefined;
  #latestTopic: { readonly text: string; readonly parsed: ParsedTopic } | undefined;
  readonly #order = new AnswerOrder();
  #draining: Promise<void> | undefined;
  /** The time limit for that is over. */
  #disarm = doNothing;
  /** The device ended its session. */
  #hasLeft = false;

  constructor(options: DeviceUploadsOptions) {
    this.#options = options;
  }

  /** Takes a PUBLISH over and answers it. Resolves when the device may be read on: one that does not read its answers may not. */
  async publish(packet: IPublishPacket): Promise<void> {
    const { connection, identity, addressee, receiveMaximum } = this.#options;
    const { version } = addressee;
    const { qos } = packet;
    if (qos === 2 && !this.#isFirst(packet)) return this.#readyForMore();
    // A violation for MQTT 5.0, where the device was told [MQTT-3.3.4-9]; others wait, and are not read meanwhile.
    if (qos > 0 && version === 5 && this.#unanswered >= receiveMaximum) {
      connection.report({
        type: 'protocol-error',
        code: reasonCodes.receiveMaximumExceeded,
        text: 'Receive Maximum exceeded',
      });
      return;
    }
    if (qos > 0) this.#unanswered += 1;
    const topic = this.#readTopic(packet.topic);
    const request = uploadRequest(packet, topic, identity);
    const place = this.#order.begin();
    try {
      const result = 'failure' in request ? request : await this.#upload(request);
      const turn = this.#order.turnOf(place);
      if (turn) await turn;
      if (qos > 0) this.#unanswered -= 1;
      this.#answer(packet, topic, result);
    } finally {
      this.#order.answered();
    }
    const ready = this.#readyForMore();
    if (ready) await ready;
  }

  async #upload(request: UploadRequest): Promise<UploadResult> {
    const entered = this.#window.enter();
    if (entered) await entered;
    try {
      return await this.#options.host.uplink.upload(request);
    } finally {
      this.#window.leave();
    }
  }

  #answer(packet: IPublishPacket, topic: ParsedTopic, result: UploadResult): void {
    const { connection, host, identity, addressee } = this.#options;
    const { version } = addressee;
    const { qos } = packet;
    if (result.status === 'failed')
      host.context.log.debug({ ...identity?.device, ...result.failure }, 'upload failed');
    const isTold = result.status === 'failed' && this.#tellError(packet, topic, result.failure);
    const answer = answerUpload(result, { qos, version, onError: topic.bag.get('on-error'), isTold });
    if (qos === 2) this.#exactlyOnce?.end(packet.messageId ?? 0, answer.acknowledge !== undefined);
    this.#acknowledge(packet, answer);
    if (result.status === 'failed' && !isTold && !hearsOf(answer, version))
      host.uplink.dropped(result.failure, identity?.device);
    if (answer.close) connection.report({ type: 'ended', ...answer.close });
  }

  /** Sends the message about an upload that failed, where the device has subscribed to such. The result says whether it has. */
  #tellError(
    { topic, qos, messageId }: IPublishPacket,
    { bag }: ParsedTopic,
    failure: UploadFailure,
  ): boolean {
    const { addressee, client, errors, host } = this.#options;
    const filter = errors.find(topic);
    if (!filter) return false;
    const failed = { topic, qos, messageId, correlationId: bag.get('correlation-id') };
    const told = errorMessage(filter, failed, failure, host.context.clock.now());
    writePacket(client, addressee, { cmd: 'publish', ...told, qos: 0, dup: false, retain: false });
    return true;
  }

  /** The PUBREL of a message of QoS 2; aedes answers it. */
  released(messageId: number | undefined): void {
    this.#exactlyOnce?.release(messageId ?? 0);
  }

  /** Whether a message of QoS 2 is to be uploaded. One that is repeated is not, and has its PUBREC again where it had one. */
  #isFirst({ messageId = 0 }: IPublishPacket): boolean {
    const { addressee, client, connection } = this.#options;
    // It was told that there is no such thing, and is closed.
    if (addressee.version === 5) return false;
    this.#exactlyOnce ??= new ExactlyOnce();
    const repetition = this.#exactlyOnce.begin(messageId);
    if (repetition === 'taken') writeAccepted(client, messageId, 2);
    if (repetition === 'too-many')
      connection.report({
        type: 'protocol-error',
        code: reasonCodes.receiveMaximumExceeded,
        text: 'too many messages of QoS 2 without PUBREL',
      });
    return repetition === 'new';
  }

  #acknowledge({ messageId, qos }: IPublishPacket, { acknowledge, text }: UploadAnswer): void {
    const { addressee, client } = this.#options;
    // MQTT 3.1.1 has no reasons.
    const isBare = acknowledge === 0 || addressee.version < 5;
    if (acknowledge === undefined || messageId === undefined) return;
    if (isBare) writeAccepted(client, messageId, qos);
    else
      writePacket(client, addressee, {
        cmd: 'puback',
        messageId,
        reasonCode: acknowledge,
        ...(text !== undefined && { properties: { reasonString: text } }),
      });
  }

  /** Most devices publish to one topic all their life. */
  #readTopic(text: string): ParsedTopic {
    if (this.#latestTopic?.text !== text) this.#latestTopic = { text, parsed: parseTopic(text) };
    return this.#latestTopic.parsed;
  }

  /** The device ended its session. What it said before is carried out, and answered as long as it reads. */
  left(): void {
    this.#hasLeft = true;
    if (this.#readyForMore()) this.#limitDrain();
  }

  /** Resolves when the device has read enough of its answers that more may be written, or is gone. */
  #readyForMore(): Promise<void> | undefined {
    const { conn } = internalsOf(this.#options.client);
    if (!conn.writableNeedDrain || conn.destroyed) return undefined;
    this.#draining ??= new Promise((resolve) => {
      const done = (): void => {
        conn.off('drain', done);
        conn.off('close', done);
        this.#disarm();
        this.#draining = undefined;
        resolve();
      };
      conn.once('drain', done);
      conn.once('close', done);
      this.#limitDrain();
    });
    return this.#draining;
  }

  #limitDrain(): void {
    const { client, connection, host } = this.#options;
    const { clock } = host.context;
    const withinMs = this.#hasLeft ? readLastWithinMs : readWithinMs;
    this.#disarm();
    this.#disarm = afterReading(clock, withinMs, () => {
      if (this.#hasLeft) internalsOf(client).conn.destroy();
      else connection.report(doesNotRead);
    });
  }
}

function doNothing(): void {}
