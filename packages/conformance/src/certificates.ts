// Keys, certificates and tokens that tests make for themselves.
export {
  type CertificateAuthority,
  type CertificateFacts,
  createCertificateAuthority,
  withKeyOffCurve,
  withNoDate,
  type IssuedCertificate,
} from './certificate-authority.ts';
export { createDeviceKey, type TokenAlgorithm, tokenClaims } from './device-key.ts';
export { localhostCertificate } from './localhost-certificate.ts';
