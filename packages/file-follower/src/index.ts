export { lookAtFile, lookAtFiles, signatureOf, unreadable, type SeenFile } from './file-signature.ts';
export { followFiles, whenSettled, type FollowOptions, type Follower } from './follow-files.ts';
