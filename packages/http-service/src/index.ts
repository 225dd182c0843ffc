export { allowOrigins, type AllowedOrigin, type WebPageUse } from './listening/allow-origins.ts';
export type { Listening, ListenOptions } from './listening/bounded-server.ts';
export { healthRoutes, type HealthTexts } from './listening/health-routes.ts';
export {
  openHttpPort,
  type HttpPortOptions,
  type HttpPortValues,
  type Serve,
} from './listening/open-http-port.ts';
export { rejectMalformed, type MalformedKind, type RawAnswer } from './listening/reject-malformed.ts';
export { requireLoopbackHost } from './listening/require-loopback-host.ts';
export { createTurns, type Turns } from './listening/turns.ts';
export { everything, mayDo, maySee, type Grant, type Scope } from './tokens/grant.ts';
export { readClaims, type ClaimNames } from './tokens/read-claims.ts';
export { readGrant, readList, type ListEntry } from './tokens/read-list.ts';
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
