export { readCertificateParts, type CertificateParts } from './certificate-parts.ts';
export { NotDer } from './der.ts';
export { readName, type DistinguishedName, type NameAttribute } from './distinguished-name.ts';
export { formatName } from './format-name.ts';
export { hasDates } from './has-dates.ts';
export { normalizeName } from './normalize-name.ts';
