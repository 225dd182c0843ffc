/** What a piece of a device's bytes brings. */
export interface Scanned {
  /** Whether a packet ends in it. */
  readonly whole: boolean;
  /** Where in it a packet begins: the first one that does, the CONNECT not counted. */
  readonly begins?: number;
  /** How many bytes of its last packet have come, in it and before, where that does not end in it; the CONNECT is not counted. */
  readonly unfinished?: number;
  /** The DISCONNECT that ends in it, whole. */
  readonly goodbye?: Uint8Array;
}

/** Types of control packets (MQTT 5.0 §2.1.2). */
const types = { connect: 1, publish: 3, pubrel: 6, subscribe: 8, unsubscribe: 10, disconnect: 14 } as const;
/** What a connected device may send, and what its flags must be where they are fixed [MQTT-2.1.3-1]. */
const flagsOf = new Map<number, number | 'any'>([
  [types.publish, 'any'],
  [4, 0],
  [5, 0],
  [types.pubrel, 2],
  [7, 0],
  [types.subscribe, 2],
  [types.unsubscribe, 2],
  [12, 0],
  [types.disconnect, 0],
]);
const lengthBytes = 4;
const something: Scanned = { whole: true };

/**
 * Sees where packets end in what arrives, and the DISCONNECT among them, while nothing is parsed: aedes reads no further before it has
 * handled what came earlier. Looks at fixed headers alone, and at nothing more after the first that a device must not send:
 * what is wrong with it is the parser's to say.
 *
 * @param maxPacketBytes of the body of a packet: a longer one is refused elsewhere.
 */
export function createFrameScanner(maxPacketBytes: number): (bytes: Uint8Array) => Scanned {
  let begun = false;
  let over = false;
  let type = 0;
  /** Bytes of the fixed header so far; 0: the next byte begins a packet. */
  let headerBytes = 0;
  let bodyBytes = 0;
  let left = 0;
  /** Bytes of the packet so far. */
  let come = 0;
  let goodbye: number[] = [];

  function mayBegin(first: number): boolean {
    type = first >> 4;
    const flags = first & 0x0f;
    if (!begun) return type === types.connect;
    const expected = flagsOf.get(type);
    return expected === 'any' || expected === flags;
  }

  /** Takes a byte of a fixed header; whether the packet ends with it. */
  function takeHeader(byte: number): boolean {
    if (headerBytes === 0) {
      over = !mayBegin(byte);
      begun = true;
      bodyBytes = 0;
      goodbye = [];
    } else {
      bodyBytes += (byte & 0x7f) * 128 ** (headerBytes - 1);
      if (byte < 0x80) {
        left = bodyBytes;
        over = bodyBytes > maxPacketBytes;
      } else over = headerBytes === lengthBytes;
    }
    if (type === types.disconnect) goodbye.push(byte);
    const ends = headerBytes > 0 && byte < 0x80;
    headerBytes = ends ? 0 : headerBytes + 1;
    return ends && left === 0;
  }

  return (bytes) => {
    // What comes after that is refused by the parser; until then everything counts.
    if (over) return something;
    let whole = false;
    let begins: number | undefined;
    for (let at = 0; at < bytes.length && !over;) {
      let ends: boolean;
      if (left > 0) {
        const taken = Math.min(left, bytes.length - at);
        // One by one: as arguments of one call, a hundred thousand would not fit on the stack.
        if (type === types.disconnect) for (const byte of bytes.subarray(at, at + taken)) goodbye.push(byte);
        left -= taken;
        at += taken;
        come += taken;
        ends = left === 0;
      } else {
        if (begun && headerBytes === 0) begins ??= at;
        ends = takeHeader(bytes[at++] ?? 0);
        come += 1;
      }
      if (!ends) continue;
      whole = true;
      come = 0;
      if (type !== types.disconnect) continue;
      over = true;
      return { whole, ...(begins !== undefined && { begins }), goodbye: Uint8Array.from(goodbye) };
    }
    const unfinished = over || type === types.connect ? 0 : come;
    return {
      whole,
      ...(begins !== undefined && { begins }),
      ...(unfinished > 0 && { unfinished }),
    };
  };
}
