/**
 * What cannot be seen, or what changes how its surroundings are shown: control and format characters, lone surrogates, what
 * Unicode has not assigned (general category C), separators of lines and paragraphs, and what is left out where it cannot be
 * shown. Among them are the escape sequences of terminals, the marks that turn the direction of text, and U+0000.
 */
const unprintable = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const eachUnprintable = new RegExp(unprintable, 'gu');
/** In JSON a line feed ends a line of a log: within a string it is escaped. */
const eachUnprintableOfJson = /[[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--\n]/gv;
/** Almost all text is of this kind. */
const plain = /^[\u0020-\u007e]*$/;
const plainJson = /^[\n\u0020-\u007e]*$/;

/** Whether text of others can be shown as it is: {@link printable} would change nothing. */
export function isPrintable(text: string): boolean {
  return plain.test(text) || !unprintable.test(text);
}

/**
 * Text of others, fit for an event, a terminal, or a line of a log: what is not printable stands as its code point, e.g.
 * `\u{1b}`. Different texts stay different, unless such an escape was in the text in the first place. Doing it twice is the same
 * as once.
 */
export function printable(text: string): string {
  return plain.test(text) ? text : text.replace(eachUnprintable, (character) => `\\u{${hexOf(character)}}`);
}

/**
 * JSON that stands in one line, fit for a terminal: the same value, with what is not printable escaped as JSON has it.
 * `JSON.stringify` leaves most of that as it is.
 */
export function printableJson(json: string): string {
  return plainJson.test(json) ? json : json.replace(eachUnprintableOfJson, unitsOf);
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}

/** Each unit of UTF-16 as JSON escapes it. */
function unitsOf(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}
