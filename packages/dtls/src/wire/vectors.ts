/** Two bytes, most significant first. */
export function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

/** Bytes with their length before them, in one byte (RFC 5246 §4.3). */
export function vector8(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

export function vector16(bytes: Uint8Array): Buffer {
  return Buffer.concat([uint16(bytes.length), bytes]);
}

export function vector24(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([bytes.length >> 16]), uint16(bytes.length & 0xff_ff), bytes]);
}
