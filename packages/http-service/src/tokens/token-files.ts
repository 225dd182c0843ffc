import { ConfigError, systemClock, type Clock } from '@rollcall/core';
import { readRegularFile, type FollowedFiles } from '@rollcall/file-follower';
import type { ClaimNames } from './read-claims.ts';
import { remoteKeys } from './remote-keys.ts';
import { keysIn, type TokenKeys } from './token-keys.ts';
import { readTokenList, type TokenList } from './token-list.ts';

/** As much as is read of a file that is replaced. */
const maxBytes = 4_000_000;

/** What tokens are checked with, as it is now. */
export interface TokenFiles {
  keys(): TokenKeys | undefined;
  tokens(): TokenList | undefined;
}

export interface TokenFilesOptions {
  /** Of the options, e.g. `PRESENCE`. */
  readonly section: string;
  /** URL of a key set, or path of a file. */
  readonly keys: string | undefined;
  /** Path of the list of tokens. */
  readonly tokenFile: string | undefined;
  readonly names: ClaimNames;
  readonly files: Pick<FollowedFiles, 'follow'>;
  readonly clock?: Pick<Clock, 'monotonic'>;
  /** Told why the keys at a URL could not be fetched. */
  keysFailed?(error: unknown): void;
}

/** Reads both, and again when they are replaced. @throws ConfigError where one cannot be used. */
export function openTokenFiles({
  section,
  keys,
  tokenFile,
  names,
  files,
  clock = systemClock,
  keysFailed: failed = () => {},
}: TokenFilesOptions): TokenFiles {
  const tokens =
    tokenFile === undefined
      ? none
      : inFile(files, 'tokens', `${section}_TOKENFILE`, tokenFile, (text) => readTokenList(text, names));
  if (keys === undefined) return { keys: none, tokens };
  if (!/^https?:\/\//i.test(keys))
    return { keys: inFile(files, 'token-keys', `${section}_TOKENKEYS`, keys, keysIn), tokens };
  const remote = remoteKeys(new URL(keys), { clock, failed });
  return { keys: () => remote, tokens };
}

function none(): undefined {
  return undefined;
}

/** What a file says, by now. One that cannot be used any more is left aside, and told. */
function inFile<Read>(
  files: Pick<FollowedFiles, 'follow'>,
  name: string,
  option: string,
  path: string,
  parse: (text: string) => Read,
): () => Read {
  let [usedText, used] = readFirst(option, path, parse);
  files.follow({
    name,
    files: [path],
    use([text = '']) {
      if (text === usedText) return { changed: false };
      used = parse(text);
      usedText = text;
      return { changed: true };
    },
  });
  return () => used;
}

function readFirst<Read>(option: string, path: string, parse: (text: string) => Read): [string, Read] {
  const file = readRegularFile(path, maxBytes);
  if (file.status === 'unusable')
    throw new ConfigError([{ code: 'OPTION_FILE_UNREADABLE', text: `ROLLCALL_${option}: ${file.problem}` }]);
  try {
    return [file.text, parse(file.text)];
  } catch (error) {
    throw new ConfigError([`ROLLCALL_${option}: ${path}: ${(error as Error).message}`]);
  }
}
