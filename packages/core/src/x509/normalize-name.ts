import { escapeText } from './format-name.ts';

const keywords: ReadonlySet<string> = new Set(['CN', 'C', 'L', 'ST', 'STREET', 'O', 'OU', 'UID', 'DC']);

/** One `type=value`, and what follows it: quoted, in hexadecimal, or with escapes (RFC 2253 §3 and §4). */
const attribute =
  /\s*([A-Za-z]+|\d+(?:\.\d+)+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|#((?:[0-9A-Fa-f]{2})+)|((?:[^,+;"\\=<>#]|\\.)(?:[^,+;"\\<>]|\\.)*?)?)\s*(,|;|\+|$)/suy;

/**
 * A written name, in the form of {@link formatName}; `undefined` where it cannot be read for sure. Attributes
 * without a keyword of RFC 2253 must be in hexadecimal: how their text was encoded is not known.
 */
export function normalizeName(written: string): string | undefined {
  const pattern = new RegExp(attribute);
  let normalized = '';
  for (let end = ''; end !== '$';) {
    const match = pattern.exec(written);
    if (!match) return undefined;
    const [, type = '', quoted, hexadecimal, plain = '', separator = ''] = match;
    const isKeyword = keywords.has(type.toUpperCase());
    if (hexadecimal === undefined && !isKeyword) return undefined;
    const text = hexadecimal === undefined ? unescapeText(quoted ?? plain) : undefined;
    if (hexadecimal === undefined && text === undefined) return undefined;
    const value = text === undefined ? `#${(hexadecimal ?? '').toLowerCase()}` : escapeText(text);
    end = separator === '' ? '$' : separator;
    normalized += `${type.toUpperCase()}=${value}${end === '$' ? '' : end === '+' ? '+' : ','}`;
  }
  return normalized;
}

/** `undefined` where bytes written in hexadecimal are no UTF-8. */
function unescapeText(written: string): string | undefined {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const [piece, pair, single] of written.matchAll(/\\([0-9A-Fa-f]{2})|\\(.)|[^\\]/gsu)) {
    if (pair !== undefined) bytes.push(Number.parseInt(pair, 16));
    else bytes.push(...encoder.encode(single ?? piece));
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}
