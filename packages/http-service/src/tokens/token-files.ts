import { X509Certificate } from 'node:crypto';
import { systemClock, type Clock } from '@rollcall/core/environment';
import type { FollowedFiles } from '@rollcall/file-follower';
import type { ServerTrust } from './fetch-text.ts';
import type { ClaimNames } from './read-claims.ts';
import { readFollowed } from './read-followed.ts';
import { remoteKeys } from './remote-keys.ts';
import { keysIn, type TokenKeys } from './token-keys.ts';
import { readTokenList, type TokenList } from './token-list.ts';

/** The present lists and keys that tokens are checked with. */
export interface TokenFiles {
  keys(): TokenKeys | undefined;
  tokens(): TokenList | undefined;
}

export interface TokenFilesOptions {
  /** The section of the options, e.g. `PRESENCE`. */
  readonly section: string;
  /** URL of a key set, or path of a file. */
  readonly keys: string | undefined;
  /** Path of the authorities, in PEM, that may vouch for the server of that URL. */
  readonly keysTrustStore?: string | undefined;
  /** Path of the list of tokens. */
  readonly tokenFile: string | undefined;
  readonly names: ClaimNames;
  readonly files: Pick<FollowedFiles, 'follow'>;
  readonly clock?: Pick<Clock, 'monotonic'>;
  /** Called with the reason why the keys at a URL could not be fetched. */
  keysFailed?(error: unknown): void;
}

/** Reads the list and the keys, and again when they are replaced. @throws ConfigError if one cannot be used. */
export function openTokenFiles({
  section,
  keys,
  keysTrustStore,
  tokenFile,
  names,
  files,
  clock = systemClock,
  keysFailed: failed = () => {},
}: TokenFilesOptions): TokenFiles {
  const tokens =
    tokenFile === undefined
      ? none
      : readFollowed({
          files,
          name: 'tokens',
          option: `${section}_TOKENFILE`,
          path: tokenFile,
          parse: (text) => readTokenList(text, names),
        });
  if (keys === undefined) return { keys: none, tokens };
  if (!/^https?:\/\//i.test(keys))
    return {
      keys: readFollowed({
        files,
        name: 'token-keys',
        option: `${section}_TOKENKEYS`,
        path: keys,
        parse: keysIn,
      }),
      tokens,
    };
  const ca =
    keysTrustStore === undefined
      ? none
      : readFollowed({
          files,
          name: 'token-keys-trust',
          option: `${section}_TOKENKEYSTRUSTSTOREPATH`,
          path: keysTrustStore,
          parse: checkedAuthorities,
        });
  const trust = (): ServerTrust => {
    const text = ca();
    return text === undefined ? {} : { ca: text };
  };
  const remote = remoteKeys(new URL(keys), { clock, failed, trust });
  return { keys: () => remote, tokens };
}

/** @throws Error if there is no certificate in it. */
function checkedAuthorities(pem: string): string {
  new X509Certificate(pem);
  return pem;
}

function none(): undefined {
  return undefined;
}
