import type { DistinguishedName, NameAttribute } from './distinguished-name.ts';

/**
 * Writes a name as Hono's registry has it (`docs/hono-compatibility.md` §13), which is as Java's
 * `X500Principal.getName(RFC2253)` does: RFC 2253 §2, with backslashes before characters that need one, and in hexadecimal
 * what has no keyword of RFC 2253 or is no text.
 */
export function formatName(name: DistinguishedName): string {
  return name
    .toReversed()
    .map((part) => part.map(formatAttribute).join('+'))
    .join(',');
}

function formatAttribute({ type, text, der }: NameAttribute): string {
  const isKeyword = /^[A-Z]/.test(type);
  return `${type}=${isKeyword && text !== undefined ? escapeText(text) : `#${hex(der)}`}`;
}

/** As it stands in a name. In steps of its length, whatever it is: strangers present names of a hundred thousand spaces. */
export function escapeText(text: string): string {
  const escaped = text.replace(/[,=+<>#;"\\]/g, String.raw`\$&`).replaceAll('\0', String.raw`\00`);
  let begin = 0;
  while (begin < escaped.length && isOuter(escaped[begin])) begin += 1;
  let end = escaped.length;
  while (end > begin && isOuter(escaped[end - 1])) end -= 1;
  return `${escapeOuter(escaped.slice(0, begin))}${escaped.slice(begin, end)}${escapeOuter(escaped.slice(end))}`;
}

/** What Java escapes at the begin and at the end of a text. */
function isOuter(character: string | undefined): boolean {
  return character === ' ' || character === '\r';
}

function escapeOuter(outer: string): string {
  return outer.replace(/[ \r]/g, String.raw`\$&`);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
