import { badInput } from './problem.ts';
import { isStorable } from './query-reader.ts';

/** A place in a list, as text that the client sends back. */
export function cursorOf(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @throws Problem where it was none of an answer: each part is of the kind that stands in its place. */
export function placeIn<const Kinds extends readonly ('text' | 'number')[]>(
  cursor: string,
  kinds: Kinds,
): { readonly [Index in keyof Kinds]: Kinds[Index] extends 'text' ? string : number } {
  const place = parsed(Buffer.from(cursor, 'base64url').toString());
  if (!Array.isArray(place) || place.length !== kinds.length) throw notOurs();
  if (!place.every((part: unknown, index) => isOfKind(part, kinds[index]))) throw notOurs();
  return place as never;
}

function isOfKind(part: unknown, kind: 'text' | 'number' | undefined): boolean {
  return kind === 'text' ? typeof part === 'string' && isStorable(part) : Number.isSafeInteger(part);
}

function notOurs(): Error {
  return badInput('cursor', 'must be `next` of an answer');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
