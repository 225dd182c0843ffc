import type { HandshakeFragment } from './handshake-message.ts';

export interface CollectedMessage {
  readonly type: number;
  readonly body: Buffer;
}

export interface CollectorOptions {
  readonly firstSequence: number;
  /** How long each message may be, in their order. What comes after the last one is dropped. */
  readonly maxBytes: readonly number[];
}

/**
 * Puts the handshake messages of a flight together (RFC 6347 §4.2.3). Nothing proves who sent a fragment, so the latest one holds:
 * bytes that a stranger slipped in are overwritten once the peer repeats its flight. What `get` returns holds until the next `add`.
 */
export interface MessageCollector {
  /** The sequence number of the message that this fragment completed or, having been complete, changed. */
  add(fragment: HandshakeFragment): number | undefined;
  get(sequence: number): CollectedMessage | undefined;
  forget(sequence: number): void;
}

interface Place {
  readonly type: number;
  readonly body: Buffer;
  /** One for each byte that came; absent where the message came as a whole. */
  readonly came?: Uint8Array;
  missing: number;
  readonly memory: Memory | undefined;
}

/** Where the parts of a message go. It is used again when the message begins again, as each small fragment may make it do. */
interface Memory {
  readonly body: Buffer;
  readonly came: Uint8Array;
}

export function createMessageCollector({ firstSequence, maxBytes }: CollectorOptions): MessageCollector {
  const places: (Place | undefined)[] = maxBytes.map(() => undefined);

  function addPart(place: Place, { offset, bytes }: HandshakeFragment): boolean {
    const part = place.body.subarray(offset, offset + bytes.length);
    const completed = place.missing === 0;
    const changed = !part.equals(bytes);
    part.set(bytes);
    if (place.came) {
      for (let at = offset; at < offset + bytes.length; at++) place.missing -= 1 - (place.came[at] ?? 1);
      place.came.fill(1, offset, offset + bytes.length);
    }
    return place.missing === 0 && (changed || !completed);
  }

  return {
    add(fragment) {
      const { type, length, sequence, offset, bytes } = fragment;
      const index = sequence - firstSequence;
      if (length > (maxBytes[index] ?? -1)) return undefined;
      const place = places[index];
      if (place?.type === type && place.body.length === length)
        return addPart(place, fragment) ? sequence : undefined;
      // A fragment that does not fit what is there begins the message again, unless it is empty.
      if (offset === 0 && bytes.length === length) {
        places[index] = { type, body: Buffer.from(bytes), missing: 0, memory: place?.memory };
        return sequence;
      }
      if (bytes.length === 0) return undefined;
      const memory = roomFor(length, maxBytes[index] ?? length, place?.memory);
      const begun = {
        type,
        body: memory.body.subarray(0, length),
        came: memory.came.subarray(0, length).fill(0),
        missing: length,
        memory,
      };
      places[index] = begun;
      addPart(begun, fragment);
      return undefined;
    },
    get(sequence) {
      const place = places[sequence - firstSequence];
      return place?.missing === 0 ? place : undefined;
    },
    forget(sequence) {
      places[sequence - firstSequence] = undefined;
    },
  };
}

function roomFor(length: number, maxBytes: number, known: Memory | undefined): Memory {
  if (known && known.body.length >= length) return known;
  // Twice as much each time: lengths that grow by one would take memory each time.
  const bytes = Math.max(length, Math.min(2 * (known?.body.length ?? 0), maxBytes));
  return { body: Buffer.alloc(bytes), came: new Uint8Array(bytes) };
}
