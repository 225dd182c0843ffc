import type { Resource } from './resource.ts';

/** What a client may do with a link: send requests, or receive answers. */
type Activity = 'READ' | 'WRITE';

/** What a client may do. */
export interface Rights {
  mayUse(resource: Resource, activity: Activity): boolean;
  mayInvoke(resource: Resource, operation: string): boolean;
}

const letters = { READ: 'R', WRITE: 'W', EXECUTE: 'E' } as const;

/**
 * Reads rights as Hono's auth server puts them into the claims of a token: `r:<address>` with letters of `R`, `W` and `E`, or `*`, and
 * `o:<address>:<operation>`. In an address `*` stands for every tenant; an endpoint alone is the address for all tenants.
 *
 * @param claims other claims are ignored.
 */
export function rightsOf(claims: Iterable<readonly [string, unknown]>): Rights {
  const granted = new Map<string, string>();
  for (const [name, value] of claims)
    if (/^[ro]:/.test(name) && typeof value === 'string') granted.set(name, value);

  const grants = (name: string, letter: string): boolean => {
    const activities = granted.get(name) ?? '';
    return activities === '*' || activities.includes(letter);
  };

  return {
    mayUse: (resource, activity) =>
      addressesOf(resource).some((address) => grants(`r:${address}`, letters[activity])),
    mayInvoke: (resource, operation) =>
      addressesOf(resource).some((address) =>
        [operation, '*'].some((each) => grants(`o:${address}:${each}`, letters.EXECUTE)),
      ),
  };
}

/** The claims that may contain a right, in Hono's order. */
function addressesOf({ endpoint, tenant, rest }: Resource): readonly string[] {
  return [
    ...(tenant !== undefined && rest !== undefined ? [`${endpoint}/${tenant}/${rest}`] : []),
    ...(tenant !== undefined ? [`${endpoint}/${tenant}`, `${endpoint}/*`] : []),
    endpoint,
    '*',
  ];
}

/** The claim of a right of `permissions.json`. */
export function claimOf(
  what: { readonly resource: string } | { readonly operation: string },
  activities: readonly string[],
): readonly [string, string] {
  const value = activities.map((each) => letters[each as keyof typeof letters]).join('');
  return 'resource' in what ? [`r:${what.resource}`, value] : [`o:${what.operation}`, value];
}
