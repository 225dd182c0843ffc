export { acceptRegistry } from './accepted-file.ts';
export { checkRegistry, type RegistryCheck } from './check-registry.ts';
export { openFileRegistry, type FileRegistry, type FileRegistryOptions } from './file-registry.ts';
export { heldBackText } from './held-back.ts';
export { bcryptCosts, hashPassword, type HashedPassword } from './hash-password.ts';
export {
  createPasswordVerifier,
  type ClosablePasswordVerifier,
  type PasswordVerifierOptions,
} from './password-verifier.ts';
