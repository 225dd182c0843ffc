import { readRegularFile, type RegularFile } from '@rollcall/file-follower';

/** No secret is longer; a file that is, was named by mistake. */
const maxBytes = 65_536;

/** The secret that is the text of a file. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

/**
 * The text of a file that holds a secret, as containers mount it. One line feed at its end does not belong to the secret: editors and
 * `echo` leave it.
 */
export function secretFromFile(path: string): RegularFile {
  const file = readRegularFile(path, maxBytes);
  if (file.status === 'unusable') return file;
  const text = withoutLineEnd(file.text);
  return text === '' ? { status: 'unusable', problem: `${path}: is empty` } : { status: 'read', text };
}
