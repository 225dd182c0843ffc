import { repeatedKey } from '@rollcall/device-registry/internal';
import { badRequest } from '../faults/registry-error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** Hono's contents have only a few levels. Deeper ones are an attack. */
const maxDepth = 32;
const noJson = 'the body is not JSON in UTF-8';

/**
 * The JSON value of a body; `undefined`: there is no body.
 *
 * @throws RegistryError
 */
export function readBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw badRequest(noJson);
  }
  return readJson(text, noJson);
}

/**
 * Parses JSON. Values that cannot be returned unchanged are refused: a database, or a client in another language, would change them.
 *
 * @param problem the message if the text is not JSON.
 * @throws RegistryError
 */
export function readJson(text: string, problem: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badRequest(problem);
  }
  const repeated = repeatedKey(text);
  if (repeated)
    throw badRequest(`line ${repeated.line}, column ${repeated.column}: this object has the member already`);
  requireKeepable(value);
  return value;
}

/** @throws RegistryError if a value would not come back unchanged from a database, or from a client in another language. */
export function requireKeepable(root: unknown): void {
  let level: readonly unknown[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) throw badRequest(`objects and lists are nested more than ${maxDepth} deep`);
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'string') checkText(value);
      else if (typeof value === 'number') checkNumber(value);
      else if (typeof value === 'object' && value !== null) {
        if (!Array.isArray(value)) for (const name of Object.keys(value)) checkName(name);
        // One by one: as arguments of one call, a hundred thousand would not fit on the stack.
        for (const each of Object.values(value) as readonly unknown[]) next.push(each);
      }
    }
    level = next;
  }
}

function checkText(text: string): void {
  if (!text.isWellFormed() || text.includes('\0'))
    throw badRequest('a string has U+0000, or half of a surrogate pair');
}

function checkNumber(value: number): void {
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
    throw badRequest('a number is larger than can be kept exactly: send it as a string');
}

function checkName(name: string): void {
  checkText(name);
  if (name === '__proto__') throw badRequest('no member can be called __proto__');
}
