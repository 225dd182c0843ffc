export type { ClientCloseReason, ClientSession, DtlsClientOptions, Tamper } from './client-options.ts';
export { createDtlsClient, type DtlsClient } from './dtls-client.ts';
export {
  createTestCertificate,
  type TestCertificate,
  type TestCertificateOptions,
} from './test-certificate.ts';
