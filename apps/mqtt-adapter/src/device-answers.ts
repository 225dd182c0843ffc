import type { RefusalReason } from '@rollcall/access';
import type { EndReason } from '@rollcall/presence';
import {
  afterFailedUpload,
  uploadEndReason,
  type UploadEndReason,
  type UploadResult,
  type UploadVoice,
} from '@rollcall/uplink';
import type { UploadFailure } from '@rollcall/core/device-data';
import type { RawCause } from '@rollcall/core/events';
import type { DisconnectedChange } from '@rollcall/core/tracker';
import type { IDisconnectPacket } from 'mqtt-packet';
import { reasonCodes } from './reason-codes.ts';

/** Return codes of a CONNACK of MQTT 3.1.1 §3.2.2.3. */
const returnCodes = {
  identifierRejected: 0x02,
  serverUnavailable: 0x03,
  badUserNameOrPassword: 0x04,
  notAuthorized: 0x05,
} as const;

interface ConnackCodes {
  /** For MQTT 3.1 and 3.1.1. */
  readonly v3: number;
  readonly v5: number;
}

/** Why a device is not let in: by the kit, for its client id, or because it takes no packet as long as a CONNACK (MQTT 5.0). */
export type RefusedFor = RefusalReason | 'identifier-rejected' | 'packet-too-large';

/** What a refused device is told: the codes of Hono's adapter where it has one (`docs/hono-compatibility.md` §6). */
export const refusalCodes: Readonly<Record<RefusedFor, ConnackCodes>> = {
  'bad-credentials': { v3: returnCodes.badUserNameOrPassword, v5: reasonCodes.badUserNameOrPassword },
  // What it presented was not looked at: it may be right.
  throttled: { v3: returnCodes.serverUnavailable, v5: reasonCodes.connectionRateExceeded },
  'tenant-disabled': { v3: returnCodes.notAuthorized, v5: reasonCodes.notAuthorized },
  'adapter-disabled': { v3: returnCodes.notAuthorized, v5: reasonCodes.notAuthorized },
  'device-not-registered': { v3: returnCodes.notAuthorized, v5: reasonCodes.notAuthorized },
  'tenant-connections-exceeded': { v3: returnCodes.notAuthorized, v5: reasonCodes.quotaExceeded },
  'adapter-connections-exceeded': { v3: returnCodes.serverUnavailable, v5: reasonCodes.useAnotherServer },
  'device-connections-exceeded': { v3: returnCodes.serverUnavailable, v5: reasonCodes.quotaExceeded },
  busy: { v3: returnCodes.serverUnavailable, v5: reasonCodes.serverBusy },
  unavailable: { v3: returnCodes.serverUnavailable, v5: reasonCodes.serverUnavailable },
  'packet-too-large': { v3: returnCodes.serverUnavailable, v5: reasonCodes.packetTooLarge },
  'identifier-rejected': { v3: returnCodes.identifierRejected, v5: reasonCodes.clientIdentifierNotValid },
};

/** What an MQTT 5.0 device is told when the adapter ends its connection. */
export const endCodes: Readonly<Record<EndReason, Required<RawCause> & { readonly code: number }>> = {
  'taken-over': { code: reasonCodes.sessionTakenOver, text: 'Session taken over' },
  'adapter-shutdown': { code: reasonCodes.serverShuttingDown, text: 'Server shutting down' },
  'access-revoked': { code: reasonCodes.administrativeAction, text: 'Administrative action' },
  'credentials-expired': { code: reasonCodes.maximumConnectTime, text: 'Maximum connect time' },
  'limit-exceeded': { code: reasonCodes.quotaExceeded, text: 'Quota exceeded' },
};

/** What the device hears about its PUBLISH. */
export interface UploadAnswer {
  /** Reason code of the PUBACK (MQTT 3.1.1 has none in it), or PUBREC; absent: there is none. */
  readonly acknowledge?: number;
  /** Told to MQTT 5.0 devices. */
  readonly text?: string;
  /** The connection is closed for this reason; absent: it goes on. */
  readonly close?: {
    readonly reason: UploadEndReason;
    readonly raw: RawCause;
  };
}

export interface Published {
  readonly qos: number;
  readonly version: number;
  /** `on-error` of the topic's property bag (`docs/hono-compatibility.md` §7). */
  readonly onError: string | undefined;
  /** Whether the device has subscribed to messages about errors, and was sent one. */
  readonly isTold: boolean;
}

/**
 * What becomes of a connection and its PUBLISH, once the outcome of the upload is known.
 *
 * A device that can be told by PUBACK is told, and stays: MQTT 5.0, QoS 1. As in Hono, others that must know are disconnected, so
 * that a device with MQTT 3.1.1 and QoS 1 sends again. Unlike Hono, no device is disconnected over QoS 0 because the network is away.
 * A device that hears of errors by a message of their own stays, unless it asks for something else.
 */
export function answerUpload(result: UploadResult, published: Published): UploadAnswer {
  const waits = published.qos > 0;
  if (result.status === 'accepted') return waits ? { acknowledge: 0 } : {};

  const { failure } = result;
  const { status, text } = failure;
  if (result.terminal)
    return { text, close: { reason: 'access-revoked', raw: { code: reasonCodes.notAuthorized, text } } };

  const refused = { acknowledge: pubackCode(status), text };
  switch (modeOf(published)) {
    case 'ignore':
      return waits ? refused : {};
    case 'skip-ack':
      return {};
    case 'disconnect':
      return { text, close: closing(failure) };
    default:
      break;
  }
  switch (afterFailedUpload(result, voiceOf(published)).type) {
    case 'answer':
      return refused;
    case 'go-on':
      return {};
    default:
      return { text, close: closing(failure) };
  }
}

/** Whether a device hears from this answer that its upload failed: a PUBACK of MQTT 3.1.1 says that it did not. */
export function hearsOf({ acknowledge, close }: UploadAnswer, version: number): boolean {
  return close !== undefined || (acknowledge !== undefined && version === 5);
}

/** What Hono does not know as a value of `on-error` is `default`. */
function modeOf({ onError, isTold }: Published): string {
  const isMode = onError === 'ignore' || onError === 'skip-ack' || onError === 'disconnect';
  if (isMode) return onError;
  return isTold ? 'ignore' : 'default';
}

/** A PUBACK of MQTT 3.1.1 can only say that the message was taken. */
function voiceOf({ qos, version }: Published): UploadVoice {
  if (qos === 0) return 'nothing';
  return version === 5 ? 'failure' : 'success';
}

/** The reason codes that a PUBACK may have (MQTT 5.0 §3.4.2.1). */
function pubackCode(status: UploadFailure['status']): number {
  switch (status) {
    case 403:
      return reasonCodes.notAuthorized;
    case 404:
      return reasonCodes.topicNameInvalid;
    case 429:
      return reasonCodes.quotaExceeded;
    case 400:
    case 413:
      return reasonCodes.implementationSpecific;
    case 500:
    case 503:
      return reasonCodes.unspecified;
    default:
      return status satisfies never;
  }
}

function closing(failure: UploadFailure): NonNullable<UploadAnswer['close']> {
  const reason = uploadEndReason(failure);
  const code = reason === 'limit-exceeded' ? reasonCodes.messageRateTooHigh : failure.status;
  return { reason, raw: { code, text: failure.text } };
}

/** The DISCONNECT that tells an MQTT 5.0 device why the adapter ends its connection (MQTT 5.0 §3.14). */
export function endingDisconnect({ reason, raw }: DisconnectedChange): IDisconnectPacket {
  const code = reason === 'upload-refused' ? disconnectCode(raw?.code) : raw?.code;
  return {
    cmd: 'disconnect',
    reasonCode: typeof code === 'number' ? code : reasonCodes.unspecified,
    ...(raw?.text !== undefined && { properties: { reasonString: raw.text } }),
  };
}

/** What a device is told that is disconnected over an upload, by the status of that (MQTT 5.0 §3.14.2.1). */
export function disconnectCode(status: unknown): number {
  switch (status) {
    case 403:
      return reasonCodes.notAuthorized;
    case 404:
      return reasonCodes.topicNameInvalid;
    case 413:
      return reasonCodes.packetTooLarge;
    case 400:
      return reasonCodes.implementationSpecific;
    default:
      return reasonCodes.unspecified;
  }
}
