import { ConfigError } from '@rollcall/core';
import { readRegularFile } from '@rollcall/file-follower';

/** No key, chain of certificates or trust store is longer. */
const maxBytes = 4_000_000;

/** The text of a PEM file that an option names. @throws ConfigError where it cannot be read. */
export function readPem(variable: string, path: string): string {
  const file = readRegularFile(path, maxBytes);
  if (file.status === 'read') return file.text;
  throw new ConfigError([{ code: 'OPTION_FILE_UNREADABLE', text: `${variable}: ${file.problem}` }]);
}
