import { randomUUID } from 'node:crypto';

/** The version of what is written: no other has it. */
export function newVersion(): string {
  return randomUUID();
}
