export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** Where the engine is, from its URL. */
export interface EngineAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly tls: boolean;
  /** The server, the sentinels, or some nodes of the cluster. */
  readonly hosts: readonly HostAndPort[];
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  /** The name of the primary at the sentinels. */
  readonly primaryName?: string;
}

const form =
  /^(redis|rediss|valkey|valkeys)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^@/?#]+)(?:\/([^?#]*))?$/;
const hostForm = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/;
const usualPort = { single: 6379, cluster: 6379, sentinel: 26_379 } as const;

/**
 * Reads `redis://user:password@host:6379/0`, `redis+sentinel://a,b:26379/name-of-primary` or `redis+cluster://a,b`; `rediss`
 * and `valkeys` mean TLS.
 *
 * @returns the address, or what is wrong with it, without any secret.
 */
export function readEngineAddress(url: string): EngineAddress | { readonly problem: string } {
  const [, scheme, mode, login, hostTexts = '', path = ''] = form.exec(url) ?? [];
  if (scheme === undefined)
    return { problem: 'must be like redis://host:6379, rediss://…, redis+sentinel://… or redis+cluster://…' };
  const kind = mode === 'sentinel' || mode === 'cluster' ? mode : 'single';
  const hosts = hostTexts.split(',').map((text) => hostAndPort(text, usualPort[kind]));
  const known = hosts.filter((each) => each !== undefined);
  if (known.length < hosts.length) return { problem: 'has a host or port that is none' };
  if (kind === 'single' && known.length > 1)
    return { problem: 'has several hosts: redis+sentinel:// or redis+cluster:// say what they are' };
  const place = placeOf(kind, path);
  if ('problem' in place) return place;
  const credentials = login === undefined ? {} : loginOf(login);
  if ('problem' in credentials) return credentials;
  return { kind, tls: scheme === 'rediss' || scheme === 'valkeys', hosts: known, ...credentials, ...place };
}

function placeOf(
  kind: EngineAddress['kind'],
  path: string,
): Pick<EngineAddress, 'database' | 'primaryName'> | { readonly problem: string } {
  if (kind === 'sentinel') {
    const [primaryName = '', number = '', ...more] = path.split('/');
    if (primaryName === '' || more.length > 0) return { problem: 'must end with /name-of-the-primary' };
    const database = databaseOf(number);
    return database === undefined
      ? { problem: 'has a database that is no number' }
      : { database, primaryName };
  }
  const database = databaseOf(path);
  if (database === undefined) return { problem: 'has a database that is no number' };
  if (kind === 'cluster' && database !== 0) return { problem: 'has a database: a cluster has none but 0' };
  return { database };
}

function databaseOf(text: string): number | undefined {
  if (text === '') return 0;
  return /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}

function loginOf(login: string): Pick<EngineAddress, 'username' | 'password'> | { readonly problem: string } {
  const [user = '', ...rest] = login.split(':');
  try {
    const username = decodeURIComponent(user);
    const password = decodeURIComponent(rest.join(':'));
    return { ...(username !== '' && { username }), ...(password !== '' && { password }) };
  } catch {
    return { problem: 'has a user or password that is not percent-encoded' };
  }
}

function hostAndPort(text: string, usual: number): HostAndPort | undefined {
  const [, six, name, portText] = hostForm.exec(text) ?? [];
  const host = six ?? name;
  const port = portText === undefined ? usual : Number(portText);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}
