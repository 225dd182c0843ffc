export type { ClientCloseReason, ClientSession, DtlsClientOptions, Tamper } from './client-options.ts';
export { createDtlsClient, type DtlsClient } from './dtls-client.ts';
