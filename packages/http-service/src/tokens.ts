// Checks bearer tokens, and reads files of tokens and keys.
export { readList, type ListEntry } from './tokens/read-list.ts';
export {
  createTokenCheck,
  type TokenAnswer,
  type TokenCheck,
  type TokenCheckOptions,
} from './tokens/token-check.ts';
export { readFollowed, type FollowedText } from './tokens/read-followed.ts';
export { openTokenFiles, type TokenFiles, type TokenFilesOptions } from './tokens/token-files.ts';
export { remoteKeys, type RemoteKeysOptions } from './tokens/remote-keys.ts';
export { keysIn, type TokenKeys } from './tokens/token-keys.ts';
