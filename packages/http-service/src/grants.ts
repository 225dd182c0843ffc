// What somebody may see and do, as a list or the claims of a token say.
export { everything, mayDo, maySee, type Grant, type Scope } from './tokens/grant.ts';
export { readClaims, type ClaimNames } from './tokens/read-claims.ts';
export { readGrant } from './tokens/read-list.ts';
