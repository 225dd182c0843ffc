import type { JsonObject } from '../store/registry-content.ts';

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of its own that is a text. */
export function textIn(object: JsonObject, name: string): string | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** A member, unless it is absent or empty: Hono leaves those out of its answers. */
export function unlessEmpty<Name extends string, Value extends object>(
  name: Name,
  value: Value | undefined,
): { readonly [Key in Name]?: Value } {
  if (value === undefined || Object.keys(value).length === 0) return {};
  return { [name]: value } as { readonly [Key in Name]: Value };
}
