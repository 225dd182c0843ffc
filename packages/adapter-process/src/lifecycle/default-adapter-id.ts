import { hostname } from 'node:os';
import type { ProtocolAdapter } from '@rollcall/adapter-kit';

/** Where the configuration names none. */
export function defaultAdapterId({ type }: Pick<ProtocolAdapter, 'type'>): string {
  return `${hostname()}-${type}`;
}
