// What a client may see and do, from an entry of a list or from the claims of a token.
export { everything, mayDo, maySee, type Grant, type Scope } from './tokens/grant.ts';
export { readClaims, type ClaimNames } from './tokens/read-claims.ts';
export { readGrant } from './tokens/read-list.ts';
