import { ConfigError } from '@rollcall/core';
import { readRegularFile, type FollowedFiles } from '@rollcall/file-follower';

/** The maximum size of the file in bytes. */
const maxBytes = 4_000_000;

export interface FollowedText<Read> {
  readonly files: Pick<FollowedFiles, 'follow'>;
  /** The name of the file in health answers. */
  readonly name: string;
  /** The name of the option with the path, without its prefix. */
  readonly option: string;
  readonly path: string;
  /** @throws Error that says why the text cannot be used. */
  parse(text: string): Read;
}

/** The content of a file that may be replaced. An invalid new file is logged, and the earlier content stays. @throws ConfigError if the first file is invalid */
export function readFollowed<Read>({ files, name, option, path, parse }: FollowedText<Read>): () => Read {
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
