import type { CoapRequest, CoapResponse } from '@rollcall/coap';
import { findOption } from '@rollcall/coap/options';
import type { Timestamp } from '@rollcall/core';
import { asksFor } from './device-request.ts';

/** Hono's option for the time of the server: milliseconds since 1970, in eight bytes (`docs/hono-compatibility.md` §14). */
const timeOption = 65_000;

/** Whether a device, which may have no clock, asks for the time. */
export function asksForTime(request: CoapRequest<unknown>, query: readonly string[]): boolean {
  return findOption(request, timeOption) !== undefined || asksFor(query, 'hono-time');
}

export function withTime(response: CoapResponse, now: Timestamp): CoapResponse {
  const value = Buffer.alloc(8);
  value.writeBigUInt64BE(BigInt(Math.trunc(now)));
  return { ...response, options: [...(response.options ?? []), { number: timeOption, value }] };
}
