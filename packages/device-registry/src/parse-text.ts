import { extname } from 'node:path';
import { load as parseYaml, YAMLException } from 'js-yaml';
import { isLargerThan } from './is-larger-than.ts';
import { repeatedKey } from './repeated-key.ts';

/** The longest text that is parsed, in characters. A larger registry should not be a file. */
const maxFileLength = 64 * 1024 * 1024;
/** The most values in it. A value counts once for each alias of YAML that stands for it. */
const maxValues = 20_000_000;

export type ParsedText = { readonly value: unknown } | { readonly problem: string };

/** Reads JSON if the file's name ends in `.json`, else YAML. */
export function parseText(file: string, text: string): ParsedText {
  if (text.length > maxFileLength) return { problem: `${file}: larger than ${maxFileLength} characters` };
  try {
    if (extname(file).toLowerCase() === '.json') return parseJson(file, text);
    const value = parseYaml(text);
    return isLargerThan(value, maxValues) ? { problem: `${file}: aliases stand for too much` } : { value };
  } catch (error) {
    return { problem: `${file}: ${whatIsWrong(error)}` };
  }
}

function parseJson(file: string, text: string): ParsedText {
  const value: unknown = JSON.parse(text);
  const repeated = repeatedKey(text);
  // The text is that of the YAML parser. The key is not quoted: it may be a secret in the wrong place.
  return repeated
    ? {
        problem: `${file}: duplicated mapping key at line ${repeated.line}, column ${repeated.column}`,
      }
    : { value };
}

/** The error and its position, without the parser's quotation of the file, which may be a secret. */
function whatIsWrong(error: unknown): string {
  if (error instanceof YAMLException) {
    const { reason, mark } = error;
    // A password that begins with a star or an exclamation mark looks to YAML like an alias or a tag.
    const what = reason.replace(/ ".*$| !<.*$|: .*$/s, '');
    return mark ? `${what} at line ${mark.line + 1}, column ${mark.column + 1}` : what;
  }
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
  if (error instanceof SyntaxError) return ['is not JSON', ...(/at position .*$/.exec(line) ?? [])].join(' ');
  return line;
}
