export type {
  AuthenticatedDevice,
  AuthenticationResult,
  LoginProblem,
  Refusal,
  RefusalReason,
} from './authentication-result.ts';
export type { ConnectionAttempt } from './authentication/access-observer.ts';
export type { Proof } from './authentication/proof.ts';
export { refusalStatuses } from './authentication/refusal-statuses.ts';
export type { AccessEnd, HeldProof, HostAccess } from './host-access.ts';
export type {
  CertificateLogin,
  DeviceLogin,
  PasswordLogin,
  PskCandidate,
  PskLogin,
  PskLookup,
  TokenLogin,
} from './login.ts';
export { type RefusalReport, createRefusalReport } from './refusals/refusal-report.ts';
export { readToken, type NamedToken, type TokenName } from './read-token.ts';
export { unpackLogin, type NameAndPassword } from './unpack-login.ts';
