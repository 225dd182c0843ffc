import { readFileSync, statSync } from 'node:fs';

/** No secret is longer; a file that is, was named by mistake. */
const maxBytes = 65_536;

export type SecretFromFile =
  | { readonly status: 'read'; readonly text: string }
  | { readonly status: 'unusable'; readonly problem: string };

/** The secret that is the text of a file. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

/**
 * The text of a file that holds a secret, as containers mount it. One line feed at its end is none of the secret: editors and
 * `echo` leave it.
 */
export function secretFromFile(path: string): SecretFromFile {
  const unusable = (why: string): SecretFromFile => ({ status: 'unusable', problem: `${path} ${why}` });
  try {
    const stats = statSync(path);
    // A pipe would be waited for.
    if (!stats.isFile()) return unusable('is not a regular file');
    if (stats.size > maxBytes) return unusable(`has more than ${maxBytes} bytes`);
    const text = withoutLineEnd(readFileSync(path, 'utf8'));
    return text === '' ? unusable('is empty') : { status: 'read', text };
  } catch (error) {
    return unusable(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
