import type { CoapOption } from './coap-message.ts';
import { coapOption } from './coap-option.ts';

/** What has options: a message, a request, a response. */
export interface HasOptions {
  readonly options: readonly CoapOption[];
}

/** An option that is a number: as few bytes as it needs (RFC 7252 §3.2). */
export function uintOption(number: number, value: number): CoapOption {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('an option is no unsigned integer');
  let length = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) length++;
  const bytes = new Uint8Array(length);
  for (let at = length - 1, rest = value; at >= 0; at--, rest = Math.floor(rest / 256)) bytes[at] = rest;
  return { number, value: bytes };
}

/** An option that is text. */
export function textOption(number: number, value: string): CoapOption {
  return { number, value: Buffer.from(value) };
}

/** The value of an option's first occurrence. */
export function findOption({ options }: HasOptions, number: number): Uint8Array | undefined {
  for (const option of options) if (option.number === number) return option.value;
  return undefined;
}

/** The number that an option holds; `undefined` if there is none, or it exceeds a safe integer. */
export function readUint(message: HasOptions, number: number): number | undefined {
  const value = findOption(message, number);
  if (value === undefined) return undefined;
  let read = 0;
  for (const byte of value) read = read * 256 + byte;
  return Number.isSafeInteger(read) ? read : undefined;
}

/** The texts of an option that may be repeated. */
export function readTexts({ options }: HasOptions, number: number): string[] {
  const texts: string[] = [];
  for (const option of options) if (option.number === number) texts.push(textOf(option.value));
  return texts;
}

/** The segments of the path, decoded; none for the root. */
export function uriPath(message: HasOptions): string[] {
  return readTexts(message, coapOption.uriPath);
}

/** Arguments of the query, decoded: `name=value` or `name`. */
export function uriQuery(message: HasOptions): string[] {
  return readTexts(message, coapOption.uriQuery);
}

/** The media type of the payload by its number in the registry of content formats (RFC 7252 §12.3). */
export function contentFormat(message: HasOptions): number | undefined {
  return readUint(message, coapOption.contentFormat);
}

function textOf(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString();
}
