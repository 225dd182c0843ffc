/**
 * What stands in the JSON of an ending with this in a field, and nowhere else: in a text of somebody, quotes have a backslash. JSON
 * itself is not read by databases: PostgreSQL refuses all of a document with U+0000 or half a surrogate pair in any text.
 */
export function saidOfEnding(field: 'reason' | 'protocol', value: string | undefined): string | null {
  return value === undefined ? null : `"${field}":${JSON.stringify(value)}`;
}
