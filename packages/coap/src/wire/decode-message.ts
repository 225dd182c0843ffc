import { codeClass, coapCode, isRequestCode } from './coap-code.ts';
import {
  messageTypes,
  noBytes,
  type CoapMessage,
  type CoapMessageType,
  type CoapOption,
} from './coap-message.ts';

/** Why bytes are not a message. */
export type CoapFormatProblem =
  | 'too-short'
  | 'unknown-version'
  | 'reserved-code-class'
  | 'code-not-for-type'
  | 'reserved-token-length'
  | 'truncated-token'
  | 'empty-with-content'
  | 'reserved-option-delta'
  | 'reserved-option-length'
  | 'truncated-option'
  | 'option-number-too-large'
  | 'too-many-options'
  | 'marker-without-payload';

/** Bytes that are not a message. Type and id are set if the header was readable: a confirmable one is answered with a reset. */
export interface CoapFormatError {
  readonly problem: CoapFormatProblem;
  readonly type?: CoapMessageType;
  readonly id?: number;
}

const version = 1;
const headerBytes = 4;
const maxTokenBytes = 8;
const payloadMarker = 0xff;
const maxOptionNumber = 0xffff;
/** Options of one byte are the most expensive for their size. An honest message has a dozen options. */
const maxOptions = 128;

/**
 * Reads one datagram (RFC 7252 §3), without copying: token, options and payload share its memory. It is strict: whatever the RFC calls
 * a message format error is one, and so is a code that its type of message may not carry (§4.2, §4.3).
 */
export function decodeMessage(bytes: Uint8Array): CoapMessage | CoapFormatError {
  if (bytes.length < headerBytes) return { problem: 'too-short' };
  const first = bytes[0] ?? 0;
  if (first >> 6 !== version) return { problem: 'unknown-version' };
  const type = messageTypes[(first >> 4) & 3] ?? 'CON';
  const tokenLength = first & 15;
  const code = bytes[1] ?? 0;
  const id = uint16At(bytes, 2);

  const reserved = codeClass(code);
  if (reserved === 1 || reserved >= 6) return { problem: 'reserved-code-class', type, id };
  if (tokenLength > maxTokenBytes) return { problem: 'reserved-token-length', type, id };
  if (!mayCarry(type, code)) return { problem: 'code-not-for-type', type, id };
  if (code === coapCode.empty) {
    if (bytes.length > headerBytes) return { problem: 'empty-with-content', type, id };
    return { type, code, id, token: noBytes, options: [], payload: noBytes };
  }

  let at = headerBytes + tokenLength;
  if (at > bytes.length) return { problem: 'truncated-token', type, id };
  const token = tokenLength === 0 ? noBytes : bytes.subarray(headerBytes, at);
  const options: CoapOption[] = [];
  let payload = noBytes;
  let number = 0;
  while (at < bytes.length) {
    const head = bytes[at++] ?? 0;
    if (head === payloadMarker) {
      if (at === bytes.length) return { problem: 'marker-without-payload', type, id };
      payload = bytes.subarray(at);
      break;
    }
    let delta = head >> 4;
    let length = head & 15;
    if (delta === 15) return { problem: 'reserved-option-delta', type, id };
    if (length === 15) return { problem: 'reserved-option-length', type, id };
    // Bytes beyond the end count as zero here. The check below notices that `at` is then past the end.
    if (delta === 13) delta += bytes[at++] ?? 0;
    else if (delta === 14) {
      delta = 269 + uint16At(bytes, at);
      at += 2;
    }
    if (length === 13) length += bytes[at++] ?? 0;
    else if (length === 14) {
      length = 269 + uint16At(bytes, at);
      at += 2;
    }
    if (at + length > bytes.length) return { problem: 'truncated-option', type, id };
    number += delta;
    if (number > maxOptionNumber) return { problem: 'option-number-too-large', type, id };
    if (options.length === maxOptions) return { problem: 'too-many-options', type, id };
    options.push({ number, value: length === 0 ? noBytes : bytes.subarray(at, at + length) });
    at += length;
  }
  return { type, code, id, token, options, payload };
}

/** RFC 7252 §4.2, §4.3 and table 1. */
function mayCarry(type: CoapMessageType, code: number): boolean {
  switch (type) {
    case 'CON':
      return true;
    case 'NON':
      return code !== coapCode.empty;
    case 'ACK':
      return !isRequestCode(code);
    case 'RST':
      return code === coapCode.empty;
    default:
      return type satisfies never;
  }
}

function uint16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
