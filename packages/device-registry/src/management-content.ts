import { keyAlgorithm } from './key-algorithm.ts';

// A registry file may leave out fields that the management API of a registry requires.

type Json = Readonly<Record<string, unknown>>;

/** The API requires a validity of an authority, the file does not: without one, the authority is always valid. */
const always = { 'not-before': '1970-01-01T00:00:00Z', 'not-after': '9999-12-31T23:59:59Z' } as const;

/** A tenant of a file, without its devices, as the API requires it. */
export function inFullTenant({ 'trusted-ca': cas, ...content }: Json): Json {
  return Array.isArray(cas) ? { ...content, 'trusted-ca': (cas as readonly Json[]).map(inFullCa) } : content;
}

function inFullCa({ comment: _comment, ...ca }: Json): Json {
  if (ca['cert'] !== undefined) return ca;
  // An authority that is a name and a key does not say of which kind the key is.
  return { ...always, ...ca, algorithm: ca['algorithm'] ?? keyAlgorithm(String(ca['public-key'])) };
}

/** Credentials of a file as the API requires them. */
export function inFullCredentials(credential: Json): Json {
  if (credential['type'] !== 'hashed-password') return credential;
  return { ...credential, secrets: (credential['secrets'] as readonly Json[]).map(inFullPassword) };
}

function inFullPassword(secret: Json): Json {
  const { 'pwd-hash': hash, 'hash-function': name = 'sha-256' } = secret;
  if (typeof hash !== 'string') return secret;
  // `$2a$`, `$2b$` and `$2y$` name one function; Hono knows the first.
  return { ...secret, 'hash-function': name, 'pwd-hash': hash.replace(/^\$2[by]\$/, '$2a$') };
}
