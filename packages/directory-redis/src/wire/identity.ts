import type { AdapterIdentity } from '@rollcall/core/events';

/** Which adapter an incarnation is of. */
export function identityText({ type, id }: Pick<AdapterIdentity, 'type' | 'id'>): string {
  return JSON.stringify({ v: 1, type, id });
}

/** The reverse of {@link identityText}; `undefined`: the text is not an identity. */
export function readIdentity(text: string, instance: string): AdapterIdentity | undefined {
  try {
    const { type, id } = JSON.parse(text) as Record<'type' | 'id', unknown>;
    return typeof type === 'string' && typeof id === 'string' ? { type, id, instance } : undefined;
  } catch {
    return undefined;
  }
}
