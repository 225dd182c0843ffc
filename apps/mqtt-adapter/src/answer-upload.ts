import type { UploadResult } from '@rollcall/adapter-kit';
import type { DisconnectReason } from '@rollcall/core';
import { reasonCodes } from './reason-codes.ts';

/** What the device hears about its PUBLISH. */
export interface UploadAnswer {
  /** Reason code of the PUBACK (MQTT 3.1.1 has none in it); absent: no PUBACK. */
  readonly acknowledge?: number;
  /** Told to MQTT 5.0 devices. */
  readonly text?: string;
  /** The connection is closed for this reason; absent: it goes on. */
  readonly close?: {
    readonly reason: Extract<
      DisconnectReason,
      'access-revoked' | 'protocol-error' | 'limit-exceeded' | 'unspecified'
    >;
    readonly code: number;
  };
}

export interface Published {
  readonly qos: number;
  readonly version: number;
  /** `on-error` of the topic's property bag (`docs/hono-compatibility.md` §7). */
  readonly onError: string | undefined;
}

/**
 * What becomes of a connection and its PUBLISH, once the outcome of the upload is known.
 *
 * As Hono, with one difference: where the network cannot take a message now, only a device that waits for a PUBACK it
 * cannot be refused (MQTT 3.1.1, QoS 1) is disconnected, so that it sends again. Hono disconnects all devices then.
 */
export function answerUpload(result: UploadResult, published: Published): UploadAnswer {
  const waits = published.qos === 1;
  if (result.status === 'accepted') return waits ? { acknowledge: 0 } : {};

  const { status, text } = result.failure;
  if (result.terminal) return { text, close: { reason: 'access-revoked', code: reasonCodes.notAuthorized } };

  switch (published.onError) {
    case 'ignore':
      return waits ? { acknowledge: reasonCodes.unspecified, text } : {};
    case 'skip-ack':
      return {};
    case 'disconnect':
      return { text, close: closing(status) };
    default: {
      const passing = status >= 500;
      if (passing && !waits) return {};
      if (passing && published.version === 5) return { acknowledge: reasonCodes.unspecified, text };
      return { text, close: closing(status) };
    }
  }
}

function closing(status: number): NonNullable<UploadAnswer['close']> {
  switch (status) {
    case 400:
      return { reason: 'protocol-error', code: reasonCodes.protocolError };
    case 404:
      return { reason: 'protocol-error', code: reasonCodes.topicNameInvalid };
    case 413:
      return { reason: 'protocol-error', code: reasonCodes.packetTooLarge };
    case 429:
      return { reason: 'limit-exceeded', code: reasonCodes.messageRateTooHigh };
    case 403:
      return { reason: 'unspecified', code: reasonCodes.notAuthorized };
    default:
      return { reason: 'unspecified', code: reasonCodes.unspecified };
  }
}
