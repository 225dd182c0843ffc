// For the other packages that make an adapter process; it may change with any version.
export { AccessBook } from './access/access-book.ts';
export type { AccessObserver } from './authentication/access-observer.ts';
export { adapterEnabled } from './authentication/adapter-enabled.ts';
export type { AdmissionLimits } from './authentication/admission-queue.ts';
export { createFailureLimiter, type FailureLimiter, type Trier } from './authentication/failure-limiter.ts';
export { admit } from './authentication/admission.ts';
export {
  type Authenticator,
  type LoginSettings,
  createAuthenticator,
  defaultLogins,
} from './authentication/authenticator.ts';
export type { ProofMemory } from './authentication/proof-memory.ts';
export { refusalTexts } from './authentication/refusal-texts.ts';
export { type Refused, refuse } from './authentication/refuse.ts';
