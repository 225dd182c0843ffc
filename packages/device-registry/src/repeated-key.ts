const quote = 0x22;
const backslash = 0x5c;

/** Of each object that is open around a place in the text: its keys so far; `undefined` for a list. */
type Open = (Set<string> | undefined)[];

/**
 * The place in a JSON text of the first key that its object has already. `JSON.parse` silently takes the last of them, YAML
 * refuses them.
 *
 * @param text what `JSON.parse` accepts.
 * @returns line and column, from 1 on; `undefined`: no key is repeated.
 */
export function repeatedKey(text: string): { readonly line: number; readonly column: number } | undefined {
  const open: Open = [];
  let isKeyNext = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      if (isKeyNext && isKnown(text.slice(at, end + 1), open.at(-1))) return placeOf(text, at);
      isKeyNext = false;
      at = end;
    } else if (character === '{') {
      open.push(new Set());
      isKeyNext = true;
    } else if (character === '[') {
      open.push(undefined);
      isKeyNext = false;
    } else if (character === '}' || character === ']') {
      open.pop();
      isKeyNext = false;
    } else if (character === ',') isKeyNext = open.at(-1) !== undefined;
  }
  return undefined;
}

/** The quotation mark that ends the string which begins at `from`. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (; text.charCodeAt(at) !== quote; at += 1) if (text.charCodeAt(at) === backslash) at += 1;
  return at;
}

function isKnown(quoted: string, keys: Set<string> | undefined): boolean {
  // `"\u0061"` is the key `a`.
  const key = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  if (keys?.has(key)) return true;
  keys?.add(key);
  return false;
}

function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
