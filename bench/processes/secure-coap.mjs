// Our DTLS and our exchange layer, answering every request with 2.04; with `dtls`, DTLS alone: secure-coap.mjs [dtls]
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { coapCode, createCoapEndpoint } from '@rollcall/coap';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { createDtlsServer } from '@rollcall/dtls';
import { password } from './stack.mjs';
import { listen } from './udp.mjs';

/** @typedef {import('@rollcall/dtls').Association<string>} Association */

const isAlone = process.argv[2] === 'dtls';
const authority = createCertificateAuthority('CN=devices');
const trusted = new X509Certificate(authority.der).publicKey;
const server = authority.issue({ subject: 'CN=server' });
const device = authority.issue({ subject: 'CN=device' });
const secret = Buffer.from(password);
const changed = { code: coapCode.changed };

/** @type {import('@rollcall/coap').CoapEndpoint<Association>} */
const endpoint = createCoapEndpoint({
  clock: systemClock,
  random: systemRandom,
  ackAfterMs: 500,
  isVerified: () => true,
  send: (datagram, association) => association.send(datagram),
  handle: () => changed,
});
const dtls = createDtlsServer({
  clock: systemClock,
  connectionIdBytes: 6,
  // As the adapter has it.
  randomBytes: (count) => systemRandom.bytes(count),
  send: (datagram, { port, address }) => socket.send(datagram, port, address),
  findPsk: async (identity) => ({ secret, principal: identity.toString() }),
  certificate: { chain: [server.der], key: createPrivateKey(server.key) },
  verifyCertificate: async (_chain, _peer, _name, certificate) =>
    certificate.verify(trusted) ? certificate.subject : undefined,
  onOpen() {},
  onMessage(/** @type {Association} */ association, plaintext) {
    if (!isAlone) endpoint.receive(plaintext, association);
  },
  onClose: (/** @type {Association} */ association) => endpoint.forget(association),
});
const socket = listen((datagram, from) => dtls.receive(datagram, from), {
  certificate: Buffer.from(device.der).toString('base64'),
  key: device.key,
});
