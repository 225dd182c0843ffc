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

/** As it stands in a name. */
export function escapeText(text: string): string {
  const escaped = text.replace(/[,=+<>#;"\\]/g, String.raw`\$&`).replaceAll('\0', String.raw`\00`);
  return escaped.replace(/^[ \r]+|[ \r]+$/g, (outer) => outer.replace(/[ \r]/g, String.raw`\$&`));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
