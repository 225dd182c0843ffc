import type { Random, Timestamp } from '@rollcall/core';

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A UUID of version 7 (RFC 9562 §5.7): 48 bits of milliseconds, 74 random bits. */
export function uuidV7(at: Timestamp, random: Random): string {
  const time = Math.max(0, at).toString(16).padStart(12, '0');
  const bytes = random.bytes(10);
  const byte = (index: number, mask = 0xff, set = 0): string => hex[((bytes[index] ?? 0) & mask) | set] ?? '';
  return (
    `${time.slice(0, 8)}-${time.slice(8, 12)}-${byte(0, 0x0f, 0x70)}${byte(1)}-${byte(2, 0x3f, 0x80)}${byte(3)}-` +
    `${byte(4)}${byte(5)}${byte(6)}${byte(7)}${byte(8)}${byte(9)}`
  );
}
