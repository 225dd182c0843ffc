/** What an id must not be, for a reason that is shown to the one who chose it. Plain data, which any thread can have. */
export type IdentifierRule = { readonly reason: string } & (
  | {
      /** A regular expression, for the flag `u`: ids in which it is found are refused. */
      readonly pattern: string;
    }
  | {
      /** Of the id in UTF-8. */
      readonly maxBytes: number;
    }
);

/** Whether an id is what a rule forbids. */
export function breaksRule(id: string, rule: IdentifierRule): boolean {
  return 'pattern' in rule
    ? new RegExp(rule.pattern, 'u').test(id)
    : new TextEncoder().encode(id).length > rule.maxBytes;
}
