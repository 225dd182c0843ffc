/** An address of a link: an endpoint, for one tenant or for all, and what follows. */
export interface Resource {
  readonly endpoint: string;
  readonly tenant?: string;
  /** The last part of the address of a link for answers, which the client chooses. */
  readonly rest?: string;
}

/** Reads an address such as `registration/acme/reply-1`. `undefined`: it is not such an address. */
export function readResource(address: unknown): Resource | undefined {
  if (typeof address !== 'string') return undefined;
  // The first form is older, and some clients still have it.
  const [endpoint = '', tenant = '', ...rest] = address.replace(/^\//, '').split('/');
  if (endpoint === '') return undefined;
  return {
    endpoint,
    ...(tenant !== '' && { tenant }),
    ...(rest.length > 0 && { rest: rest.join('/') }),
  };
}
