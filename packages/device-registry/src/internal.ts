// For packages that ask registries elsewhere: how Eclipse Hono writes what they answer. It may change with any version.
export { bytes, flag, instant, validityOf } from './formats.ts';
export { declared } from './pack-device.ts';
export { answeredPublicKeySchema } from './public-key-schema.ts';
export { secretFields } from './secret-fields.ts';
export { answeredCaSchema } from './trusted-ca-schema.ts';
