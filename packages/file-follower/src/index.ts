export { type SeenFile, signatureOf, unreadable } from './file-signature.ts';
export { followFiles, whenSettled } from './follow-files.ts';
export {
  createFollowedFiles,
  type FollowedFiles,
  type FollowedSet,
  type FollowedState,
} from './followed-files/followed-files.ts';
export { openAtOnce, readRegularFile, type RegularFile } from './read-regular-file.ts';
