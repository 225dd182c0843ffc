import type { Timestamp } from '@rollcall/core';
import type { Random } from '@rollcall/core/environment';

const digits = Uint8Array.from(Buffer.from('0123456789abcdef'));
/** The id that is being made, as ASCII: building it from pieces of text would take ten objects for each connect. */
const text = Buffer.from('00000000-0000-7000-8000-000000000000');
/** Where the two digits of each random byte stand. */
const places = [14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
const randomBytes = places.length;
/** Where the digits of the time stand, the last one first. */
const timePlaces = [12, 11, 10, 9, 7, 6, 5, 4, 3, 2, 1, 0] as const;
let timeInText = 0;

/** A UUID of version 7 (RFC 9562 §5.7): 48 bits of milliseconds, 74 random bits. */
export function uuidV7(at: Timestamp, random: Random): string {
  const ms = Math.max(0, at);
  if (ms !== timeInText) putTime(ms);
  const bytes = random.bytes(randomBytes);
  putByte(places[0], ((bytes[0] ?? 0) & 0x0f) | 0x70);
  putByte(places[1], bytes[1] ?? 0);
  putByte(places[2], ((bytes[2] ?? 0) & 0x3f) | 0x80);
  for (let index = 3; index < randomBytes; index++) putByte(places[index] ?? 0, bytes[index] ?? 0);
  return text.toString('latin1');
}

function putTime(ms: number): void {
  timeInText = ms;
  let rest = ms;
  for (const place of timePlaces) {
    text[place] = digits[rest % 16] ?? 0;
    rest = Math.floor(rest / 16);
  }
}

function putByte(place: number, byte: number): void {
  text[place] = digits[byte >> 4] ?? 0;
  text[place + 1] = digits[byte & 0x0f] ?? 0;
}
