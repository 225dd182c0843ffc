import { escapeText } from './format-name.ts';

const keywords: ReadonlySet<string> = new Set(['CN', 'C', 'L', 'ST', 'STREET', 'O', 'OU', 'UID', 'DC']);

/** What is written of the longest name in a certificate of a device is shorter. */
const maxLength = 32_768;

/*
 * The parts of `type=value` (RFC 2253 §3 and §4). In none of them two neighbours can match the same characters: strangers write
 * names too, and each is read in steps of its length.
 */
const typeForm = /\s*([A-Za-z]+|\d+(?:\.\d+)+)\s*=(\s*)/uy;
const quotedForm = /"((?:[^"\\]|\\.)*)"\s*/suy;
const hexadecimalForm = /#((?:[0-9A-Fa-f]{2})+)\s*/uy;
/** Spaces at its end are not part of it, unless they are escaped. */
const plainForm = /((?:\s*(?:[^\s,+;"\\<>]|\\.))*)\s*/suy;

interface Value {
  /** `undefined` where it is in hexadecimal. */
  readonly text?: string;
  readonly hexadecimal?: string;
  /** Where the separator stands. */
  readonly end: number;
}

/**
 * A written name, in the form of {@link formatName}; `undefined` where it cannot be read for sure. Attributes
 * without a keyword of RFC 2253 must be in hexadecimal: how their text was encoded is not known.
 */
export function normalizeName(written: string): string | undefined {
  if (written.length > maxLength) return undefined;
  let normalized = '';
  for (let at = 0, separator: string | undefined = ','; separator !== undefined;) {
    const head = matchAt(typeForm, written, at);
    if (!head) return undefined;
    const [whole, type = '', spaces = ''] = head;
    const value = readValue(written, at + whole.length, spaces.length);
    if (!value || (value.text !== undefined && !keywords.has(type.toUpperCase()))) return undefined;
    const text = value.text === undefined ? undefined : unescapeText(value.text);
    if (value.text !== undefined && text === undefined) return undefined;
    separator = written[value.end];
    at = value.end + 1;
    normalized += `${type.toUpperCase()}=${text === undefined ? `#${(value.hexadecimal ?? '').toLowerCase()}` : escapeText(text)}`;
    if (separator !== undefined) normalized += separator === '+' ? '+' : ',';
  }
  return normalized;
}

/** @param spaces how many stand before it. */
function readValue(written: string, start: number, spaces: number): Value | undefined {
  const quoted = matchAt(quotedForm, written, start);
  if (quoted) return endedBy(written, start + quoted[0].length, { text: quoted[1] ?? '' });
  const hex = matchAt(hexadecimalForm, written, start);
  const value = hex && endedBy(written, start + hex[0].length, { hexadecimal: hex[1] ?? '' });
  if (value) return value;
  // These begin no text, but may stand in one: behind a space, which is then part of it.
  const isInside = written[start] === '#' || written[start] === '=';
  if (isInside && spaces === 0) return undefined;
  const begin = isInside ? start - 1 : start;
  const [whole = '', text = ''] = matchAt(plainForm, written, begin) ?? [];
  return endedBy(written, begin + whole.length, { text });
}

/** The value, where it ends with a separator, or with the name. */
function endedBy(written: string, end: number, value: Omit<Value, 'end'>): Value | undefined {
  return end === written.length || ',;+'.includes(written[end] ?? '') ? { ...value, end } : undefined;
}

function matchAt(form: RegExp, written: string, at: number): RegExpExecArray | null {
  form.lastIndex = at;
  return form.exec(written);
}

/** `undefined` where bytes written in hexadecimal are no UTF-8. */
function unescapeText(written: string): string | undefined {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const [piece, pair, single] of written.matchAll(/\\([0-9A-Fa-f]{2})|\\(.)|[^\\]+/gsu)) {
    if (pair !== undefined) bytes.push(Number.parseInt(pair, 16));
    else for (const byte of encoder.encode(single ?? piece)) bytes.push(byte);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}
