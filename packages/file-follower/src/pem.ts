// Certificates and their keys in files.
export {
  certificatesIn,
  checkNewPair,
  checkPair,
  type PemPair,
  privateKeyIn,
} from './followed-files/certificate-pair.ts';
