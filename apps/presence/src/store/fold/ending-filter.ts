/**
 * Text that the JSON of an ending contains exactly if the field has this value. Values of other fields cannot contain it: JSON puts a
 * backslash before their quotes. The text is searched for, as PostgreSQL cannot parse JSON with U+0000 or an unpaired surrogate.
 */
export function endingFilter(field: 'reason' | 'protocol', value: string | undefined): string | null {
  return value === undefined ? null : `"${field}":${JSON.stringify(value)}`;
}
