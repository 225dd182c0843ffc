export { lookAtFile, lookAtFiles, signatureOf, unreadable, type SeenFile } from './file-signature.ts';
export { followFiles, whenSettled, type FollowOptions, type Follower } from './follow-files.ts';
export { openAtOnce, readRegularFile, type RegularFile } from './read-regular-file.ts';
export {
  type PemPair,
  certificatesIn,
  checkNewPair,
  checkPair,
  privateKeyIn,
} from './followed-files/certificate-pair.ts';
export {
  type FollowedFiles,
  type FollowedSet,
  type FollowedState,
  createFollowedFiles,
} from './followed-files/followed-files.ts';
