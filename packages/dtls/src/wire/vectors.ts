// Filled in byte by byte: a handshake needs a dozen of these, and `Buffer.from` and `Buffer.concat` take several times as long.

/** Two bytes, most significant first. */
export function uint16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes[0] = value >> 8;
  bytes[1] = value;
  return bytes;
}

/** Bytes with their length before them, in one byte (RFC 5246 §4.3). */
export function vector8(bytes: Uint8Array): Buffer {
  const vector = Buffer.allocUnsafe(1 + bytes.length);
  vector[0] = bytes.length;
  vector.set(bytes, 1);
  return vector;
}

export function vector16(bytes: Uint8Array): Buffer {
  const vector = Buffer.allocUnsafe(2 + bytes.length);
  vector[0] = bytes.length >> 8;
  vector[1] = bytes.length;
  vector.set(bytes, 2);
  return vector;
}

export function vector24(bytes: Uint8Array): Buffer {
  const vector = Buffer.allocUnsafe(3 + bytes.length);
  vector[0] = bytes.length >> 16;
  vector[1] = bytes.length >> 8;
  vector[2] = bytes.length;
  vector.set(bytes, 3);
  return vector;
}
