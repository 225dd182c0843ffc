// What devices put into a user name and a password.
export { type NamedToken, readToken, type TokenName } from './read-token.ts';
export { type NameAndPassword, unpackLogin } from './unpack-login.ts';
