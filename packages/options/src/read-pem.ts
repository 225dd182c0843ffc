import { readFileSync } from 'node:fs';
import { ConfigError } from '@rollcall/core';

/** The text of a PEM file that an option names. @throws ConfigError where it cannot be read. */
export function readPem(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([`${variable}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`]);
  }
}
