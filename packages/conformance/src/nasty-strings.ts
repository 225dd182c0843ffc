/**
 * Texts that people and machines stumble over, by what is wrong with them. Tests put them into every field that a peer can fill,
 * and check what comes out with {@link harmOf}.
 */
export const nastyStrings: Readonly<Record<string, string>> = {
  'U+0000': 'a\u0000b',
  'a line feed': 'a\nforged line',
  'a carriage return': 'a\rb',
  'a tab': 'a\tb',
  'the title of a terminal': '\u001B]0;owned\u0007',
  'a colour': '\u001B[31mred',
  'a backspace': 'abc\u0008\u0008\u0008xyz',
  'a delete': 'a\u007Fb',
  'an escape sequence of C1': '\u009B31mred',
  'a next line of C1': 'a\u0085b',
  'an override to the right': 'a\u202Etxt.exe',
  'an isolate': 'a\u2066b\u2069',
  'a mark of direction': 'a\u200E\u200F\u061Cb',
  'a separator of lines': 'a\u2028b',
  'a separator of paragraphs': 'a\u2029b',
  'a byte order mark': '\uFEFFa',
  'a space without width': 'a\u200Bb',
  'a joiner': 'a\u200D\u2060b',
  'a soft hyphen': 'a\u00ADb',
  'a filler': 'a\u3164\u115Fb',
  'a tag': 'a\u{E0041}b',
  'a selector of variants': 'a\uFE0F\u{E0100}b',
  'a noncharacter': 'a\uFFFF\u{1FFFE}b',
  'what is not assigned': 'a\u0378b',
  'a private character': 'a\uE000b',
  'a lone high surrogate': 'a\uD800b',
  'a lone low surrogate': 'a\uDC00b',
  // What follows is fine, and must come through as it is.
  'text of other scripts': 'Müller 温度計 датчик',
  'an emoji': '🌡',
  'what looks like markup': `<b>"'&%s{0}$\{x}\\`,
};

/** Bytes that are not UTF-8 (RFC 3629 §3), by what is wrong with them. */
export const illFormedUtf8: Readonly<Record<string, Uint8Array>> = {
  'a byte that begins nothing': Uint8Array.of(0x61, 0xff),
  'a character that is cut': Uint8Array.of(0x61, 0xe2, 0x82),
  'a longer form than needed': Uint8Array.of(0xc0, 0xaf),
  'a surrogate': Uint8Array.of(0xed, 0xa0, 0x80),
  'more than Unicode has': Uint8Array.of(0xf5, 0x80, 0x80, 0x80),
};

/** The first character of a line that must not be shown to people or kept in an event; `undefined`: there is none. */
export function harmOf(line: string): string | undefined {
  const [found] = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.exec(line) ?? [];
  return found && `U+${found.codePointAt(0)?.toString(16).padStart(4, '0')} in ${JSON.stringify(line)}`;
}

/** The first such character in any text within a value, keys included. */
export function harmWithin(value: unknown): string | undefined {
  if (typeof value === 'string') return harmOf(value);
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, each] of Object.entries(value)) {
    const harm = harmOf(key) ?? harmWithin(each);
    if (harm !== undefined) return harm;
  }
  return undefined;
}
