/**
 * Whether the validity of a certificate, as Node.js writes it, has two dates. Where it has none, `validFromDate` and `validToDate`
 * are what happened to be in memory.
 */
export function hasDates({
  validFrom,
  validTo,
}: {
  readonly validFrom: string;
  readonly validTo: string;
}): boolean {
  return !Number.isNaN(Date.parse(validFrom)) && !Number.isNaN(Date.parse(validTo));
}
