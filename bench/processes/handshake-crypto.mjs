// A floor: what a server needs of node:crypto for a handshake with ECDHE_ECDSA and client certificates, and nothing else. Asked with
// { handshakes }.
import { createECDH, createPrivateKey, sign, verify, X509Certificate } from 'node:crypto';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';

const authority = createCertificateAuthority('CN=devices');
const trusted = new X509Certificate(authority.der).publicKey;
const serverKey = createPrivateKey(authority.issue({ subject: 'CN=server' }).key);
const device = authority.issue({ subject: 'CN=device' });
const der = Buffer.from(device.der);
/** As much as client and server said before the proof: two hellos, two certificates, two key exchanges. */
const said = Buffer.alloc(1_400, 's');
const parameters = Buffer.alloc(133, 'p');
const proof = sign('sha256', said, createPrivateKey(device.key));
const peer = createECDH('prime256v1');
const point = peer.generateKeys();

process.on('message', (/** @type {{ handshakes: number }} */ { handshakes }) => {
  for (let each = 0; each < handshakes; each++) handshake();
  process.send?.('done');
});
process.send?.('ready');

function handshake() {
  const own = createECDH('prime256v1');
  own.generateKeys();
  sign('sha256', parameters, serverKey);
  own.computeSecret(point);
  const certificate = new X509Certificate(der);
  if (!verify('sha256', said, certificate.publicKey, proof)) throw new Error('the proof is good');
  if (!certificate.verify(trusted)) throw new Error('the chain is good');
}
