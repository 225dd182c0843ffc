import { badInput } from './problem.ts';
import { isStorable } from './query-reader.ts';

/** A position in a list, as a text that the client sends back. */
export function cursorOf(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws Problem if no answer can have had this cursor: its parts must be of these kinds, in this order. */
export function positionIn<const Kinds extends readonly ('text' | 'number')[]>(
  cursor: string,
  kinds: Kinds,
): { readonly [Index in keyof Kinds]: Kinds[Index] extends 'text' ? string : number } {
  const place = parsed(Buffer.from(cursor, 'base64url').toString());
  if (!Array.isArray(place) || place.length !== kinds.length) throw invalidCursor();
  if (!place.every((part: unknown, index) => isOfKind(part, kinds[index]))) throw invalidCursor();
  return place as never;
}

function isOfKind(part: unknown, kind: 'text' | 'number' | undefined): boolean {
  return kind === 'text' ? typeof part === 'string' && isStorable(part) : Number.isSafeInteger(part);
}

function invalidCursor(): Error {
  return badInput('cursor', 'must be `next` of an answer');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
