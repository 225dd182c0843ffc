import { formatName, readCertificateParts } from '@rollcall/core/x509';
import type { X509Certificate } from 'node:crypto';
import { algorithmOf } from '@rollcall/device-registry/internal';
import { z } from 'zod';
import type { CredentialContent, SecretContent } from '../../store/registry-content.ts';
import { base64, certificate, flag, freeObject, honoTime, sent, text, time } from './fields.ts';
import { normalName } from '../../names/normal-name.ts';
import { encodeKey, isKeyOf } from './public-key.ts';

/** The rules for passwords, from the options. */
export interface CredentialRules {
  readonly usernamePattern: RegExp;
  /** The highest accepted cost of bcrypt. */
  readonly maxBcryptCost: number;
  /** The cost with which the registry hashes passwords. */
  readonly hashCost: number;
  /** Accepted hash functions; empty: any. */
  readonly hashFunctions: readonly string[];
}

/** A secret as a client sent it. Without a key or a hash, it refers to a stored one. */
export type WantedSecret = Omit<SecretContent, 'id'> & {
  readonly id?: string;
  readonly 'pwd-plain'?: string;
};

export type WantedCredential = Omit<CredentialContent, 'secrets'> & {
  readonly secrets: readonly WantedSecret[];
};

const common = {
  id: text.min(1, 'must not be empty').optional(),
  enabled: flag.optional(),
  'not-before': time.optional(),
  'not-after': time.optional(),
  comment: text.optional(),
};

const ofCredential = { enabled: flag.optional(), comment: text.optional(), ext: freeObject.optional() };
const authId = text.min(1, 'must not be empty').max(1_024, 'must not be longer than 1024 characters');
const typeName = text
  .regex(/^[a-z0-9-]+$/, 'must have small letters, digits and hyphens')
  .max(64, 'must not be longer than 64 characters');

interface Period {
  readonly 'not-before'?: string | undefined;
  readonly 'not-after'?: string | undefined;
}

const inOrder = ({ 'not-before': from, 'not-after': to }: Period): boolean =>
  from === undefined || to === undefined || from <= to;
const notInOrder = 'not-before: must not be after not-after';

const secretsOf = (schema: z.ZodType<WantedSecret>): z.ZodType<readonly WantedSecret[]> =>
  z
    .array(schema, 'must be a list')
    .min(1, 'must have at least one secret')
    .refine((all) => isEachOnce(all.flatMap(({ id }) => id ?? [])), 'must have each id once');

const pskSecret = z
  .strictObject({ ...common, key: base64.optional() })
  .refine(inOrder, notInOrder)
  .transform((content): WantedSecret => sent(content));

const certificateSecret = z
  .strictObject(common)
  .refine(inOrder, notInOrder)
  .transform((content): WantedSecret => sent(content));

const publicKeySecret = z
  .strictObject({
    ...common,
    key: base64.optional(),
    algorithm: text.optional(),
    cert: certificate.optional(),
  })
  .refine(inOrder, notInOrder)
  .transform(({ cert, ...content }, context): WantedSecret => {
    const { key, algorithm } = content;
    if (cert) {
      const found = algorithmOf(cert.publicKey);
      if (found !== undefined)
        return { ...sent(content), key: encodeKey(cert.publicKey), algorithm: found, ...validityOf(cert) };
      context.addIssue({ code: 'custom', message: 'cert: has a key of an unknown type' });
      return z.NEVER;
    }
    const isKept = key === undefined && algorithm === undefined;
    if (isKept || (key !== undefined && algorithm !== undefined && isKeyOf(algorithm, key)))
      return sent(content);
    const message =
      'key: must be a SubjectPublicKeyInfo in DER, in Base64, and algorithm must say of which algorithm';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

const genericSecret = z
  .looseObject(common)
  .refine(inOrder, notInOrder)
  .transform((content): WantedSecret => sent(content) as WantedSecret);

const psk = z.strictObject({ ...ofCredential, type: text, 'auth-id': authId, secrets: secretsOf(pskSecret) });
const publicKey = z.strictObject({
  ...ofCredential,
  type: text,
  'auth-id': authId,
  secrets: secretsOf(publicKeySecret),
});
const generic = z.strictObject({
  ...ofCredential,
  type: typeName,
  'auth-id': authId,
  secrets: secretsOf(genericSecret),
});

const certificateCredential = z
  .strictObject({
    ...ofCredential,
    type: text,
    cert: certificate.optional(),
    'auth-id': authId.optional(),
    secrets: secretsOf(certificateSecret)
      .refine((all) => all.length === 1, 'must be exactly one')
      .optional(),
  })
  .transform(({ cert, ...content }, context): WantedCredential => {
    const problem = (message: string): never => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    if (cert) {
      const subject = subjectOf(cert);
      if (subject === undefined) return problem('cert: must be a certificate in DER, in Base64');
      return { ...sent(content), 'auth-id': subject, secrets: [validityOf(cert)] };
    }
    const { 'auth-id': name, secrets } = content;
    if (name === undefined || secrets === undefined)
      return problem('auth-id, secrets: are needed without cert');
    return { ...sent(content), 'auth-id': normalName(name) ?? name, secrets };
  });

/** The credentials of a device, as clients may write them. */
export function wantedCredentials(rules: CredentialRules): z.ZodType<readonly WantedCredential[]> {
  const password = z.strictObject({
    ...ofCredential,
    type: text,
    'auth-id': authId.regex(rules.usernamePattern, 'has a character that user names must not have'),
    secrets: secretsOf(passwordSecret(rules)),
  });
  const byType: Readonly<Record<string, z.ZodType<WantedCredential>>> = {
    'hashed-password': password.transform((content): WantedCredential => sent(content)),
    psk: psk.transform((content): WantedCredential => sent(content)),
    rpk: publicKey.transform((content): WantedCredential => sent(content)),
    'x509-cert': certificateCredential,
  };
  const anyCredential = z.record(z.string(), z.unknown(), 'must be an object').transform((value, context) => {
    const { type } = value;
    const schema = typeof type === 'string' && Object.hasOwn(byType, type) ? byType[type] : undefined;
    const result = (schema ?? generic.transform((content): WantedCredential => sent(content))).safeParse(
      value,
    );
    if (result.success) return result.data;
    for (const { path, message } of result.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  });
  return z
    .array(anyCredential, 'must be a list of credentials')
    .refine(
      (all) => isEachOnce(all.map((each) => JSON.stringify([each.type, each['auth-id']]))),
      'must have each type and auth-id once',
    );
}

/** bcrypt ignores the rest of a longer password. */
const maxBcryptBytes = 72;

function passwordSecret({ maxBcryptCost, hashFunctions }: CredentialRules): z.ZodType<WantedSecret> {
  return z
    .strictObject({
      ...common,
      'pwd-plain': text.min(1, 'must not be empty').optional(),
      'hash-function': text.min(1, 'must not be empty').optional(),
      'pwd-hash': text.min(1, 'must not be empty').optional(),
      salt: base64.optional(),
    })
    .refine(inOrder, notInOrder)
    .transform((content, context): WantedSecret => {
      const { 'pwd-plain': plain, 'hash-function': hash, 'pwd-hash': hashed, salt, ...rest } = content;
      const problem = (message: string): never => {
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      };
      if (plain !== undefined)
        return Buffer.byteLength(plain) > maxBcryptBytes
          ? problem(`pwd-plain: must not be longer than ${maxBcryptBytes} bytes`)
          : sent({ ...rest, 'pwd-plain': plain });
      if (hash === undefined && hashed === undefined && salt === undefined) return sent(rest);
      if (hash === undefined || hashed === undefined)
        return problem('hash-function, pwd-hash: both are needed without pwd-plain');
      if (hashFunctions.length > 0 && !hashFunctions.includes(hash))
        return problem('hash-function: is not allowed here');
      if (hash === 'bcrypt' && !isBcrypt(hashed, maxBcryptCost))
        return problem(`pwd-hash: must be a bcrypt hash, $2a$, of a cost of ${maxBcryptCost} or less`);
      return sent({ ...rest, 'hash-function': hash, 'pwd-hash': hashed, salt });
    });
}

function isBcrypt(hash: string, maxCost: number): boolean {
  const [, cost] = /^\$2a\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash) ?? [];
  return cost !== undefined && Number(cost) >= 4 && Number(cost) <= maxCost;
}

function subjectOf(cert: X509Certificate): string | undefined {
  try {
    return formatName(readCertificateParts(cert.raw).subject);
  } catch {
    return undefined;
  }
}

function validityOf(cert: X509Certificate): WantedSecret {
  return {
    'not-before': honoTime(cert.validFromDate.getTime()),
    'not-after': honoTime(cert.validToDate.getTime()),
  };
}

function isEachOnce(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
