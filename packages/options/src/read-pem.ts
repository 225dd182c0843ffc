import { readFileSync } from 'node:fs';
import { ConfigError } from '@rollcall/core';

/** The text of a PEM file that an option names. @throws ConfigError where it cannot be read. */
export function readPem(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const text = `${variable}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`;
    throw new ConfigError([{ code: 'OPTION_FILE_UNREADABLE', text }]);
  }
}
