import { readUploadAddress, type UploadAddress } from '@rollcall/uplink';
import type { UploadFailure } from '@rollcall/core';

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
  const path = bagAt < 0 ? topic : topic.slice(0, bagAt);
  return { bag: parseBag(bagAt < 0 ? '' : topic.slice(bagAt + 2)), address: parsePath(path) };
}

const emptyBag: PropertyBag = new Map();

/** Names are case-insensitive: they are keyed in lower case. Of several with one name the first counts. */
function parseBag(text: string): PropertyBag {
  if (text === '') return emptyBag;
  const bag = new Map<string, string>();
  for (const pair of text.split('&', maxBagEntries)) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals)).toLowerCase();
    if (name !== '' && !bag.has(name)) bag.set(name, decode(equals < 0 ? '' : pair.slice(equals + 1)));
  }
  return bag;
}

/** What is not valid encoding stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function parsePath(path: string): UploadAddress | UploadFailure {
  if (path === '' || path.startsWith('/')) return { status: 400, text: 'malformed topic name' };
  if (/^(?:command|c)(?:\/|$)/.test(path)) return { status: 404, text: 'commands are not supported' };
  const address = readUploadAddress(path);
  switch (address) {
    case 'no-such-endpoint':
      return { status: 404, text: 'no such endpoint' };
    case 'malformed':
      return { status: 400, text: 'malformed topic name' };
    default:
      return address;
  }
}
