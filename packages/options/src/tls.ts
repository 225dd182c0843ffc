// Options of TLS: which versions and cipher suites, and certificates in files.
export { readPem } from './read-pem.ts';
export {
  cipherSuitesOption,
  defaultTlsChoice,
  secureProtocolsOption,
  type TlsChoice,
  tlsChoice,
  tlsChoiceProblems,
  type TlsVersion,
} from './tls-choice.ts';
