import type { JsonObject } from '../store/registry-content.ts';

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member with this name if it is an own property and a string. */
export function textIn(object: JsonObject, name: string): string | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** An object with the member, or `{}` if the value is absent or empty: Hono leaves empty members out of its answers. */
export function unlessEmpty<Name extends string, Value extends object>(
  name: Name,
  value: Value | undefined,
): { readonly [Key in Name]?: Value } {
  if (value === undefined || Object.keys(value).length === 0) return {};
  return { [name]: value } as { readonly [Key in Name]: Value };
}
