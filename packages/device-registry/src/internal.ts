// For packages that ask other registries: the formats of answers in Eclipse Hono. It may change with any version.
export { bytes, flag, instant, validityOf } from './formats.ts';
export { declared } from './pack-device.ts';
export { answeredPublicKeySchema } from './public-key-schema.ts';
export { resourceLimits } from './resource-limits.ts';
export { secretFields } from './secret-fields.ts';
export { answeredCaSchema } from './trusted-ca-schema.ts';
// For the registry service.
export { createBcryptPool } from './bcrypt-pool.ts';
export { authIdTemplateIn } from './auth-id-template.ts';
export { algorithmOf, keyAlgorithm } from './key-algorithm.ts';
export { inFullCredentials, inFullTenant } from './management-content.ts';
export { parseText } from './parse-text.ts';
export { readCertificate } from './read-certificate.ts';
export { readPublicKey } from './read-public-key.ts';
export { repeatedKey } from './repeated-key.ts';
