import type { UploadFailure } from '@rollcall/core/device-data';
import type { DisconnectReason } from '@rollcall/core/events';

/** An upload that failed, as `host.uplink.upload` says it. */
export interface FailedUpload {
  readonly failure: UploadFailure;
  /** The device's own access ended. */
  readonly terminal: boolean;
}

/**
 * What a protocol can say to a device about one message.
 *
 * - `failure`: that it failed, and why, as HTTP, CoAP, AMQP 1.0, and MQTT 5.0 with QoS 1 can.
 * - `success`: that it was taken, and nothing else, as MQTT 3.1.1 with QoS 1. The device waits for that.
 * - `nothing`, as MQTT with QoS 0. The device waits for nothing.
 */
export type UploadVoice = 'failure' | 'success' | 'nothing';

/** Why a connection is closed over an upload. */
export type UploadEndReason = Extract<
  DisconnectReason,
  'access-revoked' | 'limit-exceeded' | 'upload-refused'
>;

export type AfterFailedUpload =
  /** Tell the device. The connection goes on. */
  | { readonly type: 'answer' }
  /** Say nothing. The connection goes on. */
  | { readonly type: 'go-on' }
  /** End the connection for this reason: `report({ type: 'ended', reason, raw })`. Tell the device why, if you can. */
  | { readonly type: 'close'; readonly reason: UploadEndReason };

/**
 * What becomes of a device and its connection when an upload failed.
 *
 * A device that lost its own access is disconnected. A device that can be told is told, and stays. A device that cannot be told
 * is disconnected, so that it knows; where it waits for an answer, it sends the message again. But a device that waits for
 * nothing is not disconnected because the network is away: the device cannot help it.
 */
export function afterFailedUpload(
  { failure, terminal }: FailedUpload,
  voice: UploadVoice,
): AfterFailedUpload {
  if (terminal) return { type: 'close', reason: 'access-revoked' };
  if (voice === 'failure') return { type: 'answer' };
  if (voice === 'nothing' && mayBeSentAgain(failure)) return { type: 'go-on' };
  return { type: 'close', reason: uploadEndReason(failure) };
}

/** Why a connection is closed that is closed over this failure. */
export function uploadEndReason({ status }: UploadFailure): Exclude<UploadEndReason, 'access-revoked'> {
  return status === 429 ? 'limit-exceeded' : 'upload-refused';
}

/** Whether nothing is wrong with the message itself: the device may send the same one later. */
export function mayBeSentAgain({ status }: UploadFailure): boolean {
  return status >= 500;
}
