import { readFileSync } from 'node:fs';
import { ConfigError } from '@rollcall/core';
import type { FollowedFiles } from '@rollcall/file-follower';
import type { ClaimNames } from './read-claims.ts';
import { keysIn, remoteKeys, type TokenKeys } from './token-keys.ts';
import { readTokenList, type TokenList } from './token-list.ts';

/** What tokens are checked with, as it is now. */
export interface TokenFiles {
  keys(): TokenKeys | undefined;
  tokens(): TokenList | undefined;
}

export interface TokenFilesOptions {
  /** URL of a key set, or path of a file. */
  readonly keys: string | undefined;
  /** Path of the list of tokens. */
  readonly tokenFile: string | undefined;
  readonly names: ClaimNames;
  readonly files: Pick<FollowedFiles, 'follow'>;
}

/** Reads both, and again when they are replaced. @throws ConfigError where one cannot be used. */
export function openTokenFiles({ keys, tokenFile, names, files }: TokenFilesOptions): TokenFiles {
  const tokens =
    tokenFile === undefined
      ? none
      : inFile(files, 'tokens', 'PRESENCE_TOKENFILE', tokenFile, (text) => readTokenList(text, names));
  if (keys === undefined) return { keys: none, tokens };
  if (!/^https?:\/\//i.test(keys))
    return { keys: inFile(files, 'token-keys', 'PRESENCE_TOKENKEYS', keys, keysIn), tokens };
  const remote = remoteKeys(new URL(keys));
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
  try {
    const text = readFileSync(path, 'utf8');
    return [text, parse(text)];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const where = `ROLLCALL_${option}: ${path}`;
    throw new ConfigError([
      code?.startsWith('E') === true && !code.startsWith('ERR_')
        ? { code: 'OPTION_FILE_UNREADABLE', text: `${where}: cannot be read (${code})` }
        : `${where}: ${message}`,
    ]);
  }
}
