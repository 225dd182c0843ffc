import { hostname } from 'node:os';
import type { ProtocolAdapter } from '../protocol-adapter.ts';

/** Where the configuration names none. */
export function defaultAdapterId({ type }: Pick<ProtocolAdapter, 'type'>): string {
  return `${hostname()}-${type}`;
}
