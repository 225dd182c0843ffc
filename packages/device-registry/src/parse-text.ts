import { extname } from 'node:path';
import { parse as parseYaml } from 'yaml';

/** A registry of more than this is no file any more. */
const maxFileLength = 64 * 1024 * 1024;

export type ParsedText = { readonly value: unknown } | { readonly problem: string };

/** Reads JSON where the file's name ends in `.json`, else YAML. */
export function parseText(file: string, text: string): ParsedText {
  if (text.length > maxFileLength) return { problem: `${file}: larger than ${maxFileLength} characters` };
  try {
    return {
      value:
        extname(file).toLowerCase() === '.json'
          ? JSON.parse(text)
          : // It would warn on standard error, and quote the file.
            parseYaml(text, { maxAliasCount: 100, prettyErrors: true, logLevel: 'error' }),
    };
  } catch (error) {
    return { problem: `${file}: ${whatIsWrong(error)}` };
  }
}

/** The first line, without what it quotes of the file: that may be a secret. */
function whatIsWrong(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
  if (error instanceof SyntaxError) return ['is not JSON', ...(/at position .*$/.exec(line) ?? [])].join(' ');
  // What YAML takes for the name of an alias may be a password that begins with a star.
  return line.replace(/(\balias .*?): .*$/, '$1');
}
