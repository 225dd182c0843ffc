import { readUploadAddress, type UploadAddress } from '@rollcall/uplink';
import type { UploadFailure } from '@rollcall/core/device-data';

/** What a device says beside its data, after the last `/?` of the topic, URL-query encoded. */
type PropertyBag = ReadonlyMap<string, string>;

export interface ParsedTopic {
  readonly bag: PropertyBag;
  readonly address: UploadAddress | UploadFailure;
}

/** More properties than any device needs; the rest of an endless list is ignored. */
const maxBagEntries = 32;

/** Reads the topic of a PUBLISH. */
export function parseTopic(topic: string): ParsedTopic {
  const bagAt = topic.lastIndexOf('/?');
  if (bagAt < 0) return { bag: emptyBag, address: parsePath(topic) };
  const text = topic.slice(bagAt + 2);
  if (brokenEscape.test(text)) return { bag: emptyBag, address: malformed };
  return { bag: parseBag(text), address: parsePath(topic.slice(0, bagAt)) };
}

const malformed: UploadFailure = { status: 400, text: 'malformed topic name' };
/** Hono takes the whole topic for malformed then. */
const brokenEscape = /%(?![0-9a-f]{2})/i;

const emptyBag: PropertyBag = new Map();

/** Names are case-insensitive: they are keyed in lower case. Of several with one name the first counts. */
function parseBag(text: string): PropertyBag {
  if (text === '') return emptyBag;
  const bag = new Map<string, string>();
  // Hono's parser takes a semicolon for a separator too.
  for (const pair of text.split(/[&;]/, maxBagEntries)) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals)).toLowerCase();
    if (name !== '' && !bag.has(name)) bag.set(name, decode(equals < 0 ? '' : pair.slice(equals + 1)));
  }
  return bag;
}

/** Bytes that are no UTF-8 become replacement characters. */
function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return unescapeBytes(spaced);
  }
}

function unescapeBytes(text: string): string {
  return Buffer.concat(
    text
      .split(/(%[0-9a-f]{2})/i)
      .map((part, index) =>
        index % 2 === 0 ? Buffer.from(part) : Buffer.from([Number.parseInt(part.slice(1), 16)]),
      ),
  ).toString();
}

function parsePath(path: string): UploadAddress | UploadFailure {
  if (path === '' || path.startsWith('/')) return malformed;
  if (/^(?:command|c)(?:\/|$)/.test(path)) return { status: 404, text: 'commands are not supported' };
  return readUploadAddress(path);
}
