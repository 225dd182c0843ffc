export { openFileRegistry, type FileRegistry, type FileRegistryOptions } from './file-registry.ts';
export {
  createPasswordVerifier,
  type ClosablePasswordVerifier,
  type PasswordVerifierOptions,
} from './password-verifier.ts';
