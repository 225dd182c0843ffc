import { coapCode } from './coap-code.ts';
import { messageTypes, type CoapMessage, type CoapMessageType, type CoapOption } from './coap-message.ts';

const maxTokenBytes = 8;
/** What an option's length can express (RFC 7252 §3.1). */
const maxOptionBytes = 0xffff + 269;
const payloadMarker = 0xff;

/**
 * Writes one datagram (RFC 7252 §3). Options may come in any order; those of one number keep theirs.
 *
 * @throws RangeError if the message cannot be encoded.
 */
export function encodeMessage(message: CoapMessage): Buffer {
  const { type, code, id, token, payload } = message;
  if (token.length > maxTokenBytes) throw new RangeError('a token is too long');
  if (!isUint16(id)) throw new RangeError('a message id is no 16-bit number');
  const options = inOrder(message.options);
  const bytes = Buffer.allocUnsafe(encodedBytes(message, options));
  if (code === coapCode.empty && bytes.length > 4) throw new RangeError('an empty message has content');

  bytes[0] = 0x40 | (messageTypes.indexOf(type) << 4) | token.length;
  bytes[1] = code;
  bytes[2] = id >> 8;
  bytes[3] = id;
  let at = write(bytes, 4, token);
  let previous = 0;
  for (const { number, value } of options) {
    const delta = number - previous;
    previous = number;
    bytes[at++] = (nibble(delta) << 4) | nibble(value.length);
    at = writeExtension(bytes, at, delta);
    at = writeExtension(bytes, at, value.length);
    at = write(bytes, at, value);
  }
  if (payload.length > 0) {
    bytes[at++] = payloadMarker;
    write(bytes, at, payload);
  }
  return bytes;
}

/** An acknowledgement, a reset, or a ping. */
export function emptyMessage(type: CoapMessageType, id: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes[0] = 0x40 | (messageTypes.indexOf(type) << 4);
  bytes[1] = coapCode.empty;
  bytes[2] = id >> 8;
  bytes[3] = id;
  return bytes;
}

function encodedBytes(
  { token, payload }: Pick<CoapMessage, 'token' | 'payload'>,
  options: readonly CoapOption[],
): number {
  let length = 4 + token.length + (payload.length === 0 ? 0 : 1 + payload.length);
  let previous = 0;
  for (const { number, value } of options) {
    if (!isUint16(number)) throw new RangeError('an option number is no 16-bit number');
    if (value.length > maxOptionBytes) throw new RangeError('an option is too long');
    length += 1 + extensionBytes(number - previous) + extensionBytes(value.length) + value.length;
    previous = number;
  }
  return length;
}

function inOrder(options: readonly CoapOption[]): readonly CoapOption[] {
  let previous = 0;
  for (const { number } of options) {
    if (number < previous) return options.toSorted((left, right) => left.number - right.number);
    previous = number;
  }
  return options;
}

function nibble(value: number): number {
  if (value < 13) return value;
  return value < 269 ? 13 : 14;
}

function extensionBytes(value: number): number {
  return Math.max(nibble(value) - 12, 0);
}

function writeExtension(bytes: Uint8Array, at: number, value: number): number {
  if (value < 13) return at;
  if (value < 269) {
    bytes[at] = value - 13;
    return at + 1;
  }
  bytes[at] = (value - 269) >> 8;
  bytes[at + 1] = value - 269;
  return at + 2;
}

/** Most values are short, and a loop is cheaper for them than a call into the engine. */
function write(bytes: Uint8Array, at: number, value: Uint8Array): number {
  if (value.length > 16) bytes.set(value, at);
  else for (let index = 0; index < value.length; index++) bytes[at + index] = value[index] ?? 0;
  return at + value.length;
}

function isUint16(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff;
}
