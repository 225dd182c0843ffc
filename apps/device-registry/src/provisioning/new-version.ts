import { randomUUID } from 'node:crypto';

/** A unique version for a content that is written. */
export function newVersion(): string {
  return randomUUID();
}
