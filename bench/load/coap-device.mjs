import { createSocket } from 'node:dgram';
import { createPrivateKey } from 'node:crypto';
import { coapCode } from '@rollcall/coap';
import { decodeMessage, encodeMessage } from '@rollcall/coap/codec';
import { systemClock } from '@rollcall/core/environment';
import { createDtlsClient } from '@rollcall/dtls/testing';
import { deviceId, password, tenant } from '../processes/stack.mjs';

/** Of DTLS (RFC 5246 §6.2.1). */
const applicationData = 23;
const alert = 21;
const closeNotify = Buffer.from([1, 0]);
/** First bytes of datagrams: ChangeCipherSpec, Handshake. No message of CoAP begins with them. @type {Set<number | undefined>} */
const ofHandshakes = new Set([20, 22]);
/** Of CoAP (RFC 7252 §5.10). */
const uriPath = 11;
const contentFormat = 12;
const octetStream = Buffer.from([42]);
/** Confirmable requests of a device that are under way at a time: answers leave before the socket's buffer is full. */
const window = 4;
const patienceMs = 10_000;

/**
 * A device with a socket of its own.
 * @typedef {object} CoapDevice
 * @property {(path: string, payloadBytes: number, count: number) => Buffer[]} prepare makes datagrams, each a confirmable POST
 * @property {(requests: Buffer[]) => Promise<Buffer[]>} exchange sends each once one before was answered; resolves with all answers
 * @property {(requests: Buffer[]) => Promise<void>} send sends them, and waits for no answers
 * @property {(answers: Buffer[]) => void} check throws where one is not 2.04
 * @property {() => void} close leaves without a word
 */

/**
 * What a server said of itself.
 * @typedef {{ port: number, certificate: string, key: string }} SecureServer
 */

/**
 * A device without DTLS.
 * @param {number} port @param {number} index @returns {Promise<CoapDevice>}
 */
export async function openPlainDevice(port, index) {
  const socket = await connectedSocket(port, index);
  return device(
    socket,
    (message) => message,
    (datagram) => datagram,
  );
}

/**
 * A device that made a DTLS association, with TLS_PSK_WITH_AES_128_CCM_8 or TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8.
 * @param {Pick<SecureServer, 'port'> & Partial<SecureServer>} server with a certificate for the device: it proves itself with it
 * @param {number} index @returns {Promise<CoapDevice & { leave: () => Promise<void> }>} it can also leave with a close_notify
 */
export async function openSecureDevice({ port, certificate, key }, index) {
  const socket = await connectedSocket(port, index);
  /** @type {Uint8Array | undefined} */
  let received;
  const {
    promise: opened,
    resolve: onOpen,
    reject,
  } = /** @type {PromiseWithResolvers<void>} */ (Promise.withResolvers());
  const dtls = createDtlsClient({
    clock: systemClock,
    send: (datagram) => socket.send(datagram),
    onOpen,
    onMessage(plaintext) {
      received = plaintext;
    },
    onClose: (reason) => reject(new Error(`device ${index} was refused: ${reason}`)),
    ...(certificate === undefined || key === undefined
      ? {
          cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'],
          psk: { identity: Buffer.from(`${deviceId(index)}@${tenant}`), secret: Buffer.from(password) },
        }
      : {
          cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'],
          certificate: { chain: [Buffer.from(certificate, 'base64')], key: createPrivateKey(key) },
        }),
  });
  const receive = (/** @type {Buffer} */ datagram) => dtls.receive(datagram);
  socket.on('message', receive);
  dtls.connect();
  await opened;
  socket.off('message', receive);
  const secure = device(
    socket,
    (message) => dtls.seal(applicationData, message),
    (datagram) => {
      received = undefined;
      dtls.receive(datagram);
      if (received === undefined) throw new Error('what was answered is not authentic');
      return received;
    },
  );
  return {
    ...secure,
    async leave() {
      // The server says goodbye, too.
      await secure.exchange([dtls.seal(alert, closeNotify)]);
      secure.close();
    },
  };
}

/**
 * What is dear, sealing and opening, is done before and after the exchange, so that servers are never waited for.
 * @param {import('node:dgram').Socket} socket
 * @param {(message: Buffer) => Buffer} protect @param {(datagram: Buffer) => Buffer} unprotect
 * @returns {CoapDevice}
 */
function device(socket, protect, unprotect) {
  let nextId = 0;
  return {
    prepare(path, payloadBytes, count) {
      const options = [
        { number: uriPath, value: Buffer.from(path) },
        { number: contentFormat, value: octetStream },
      ];
      const payload = Buffer.alloc(payloadBytes, 'x');
      return Array.from({ length: count }, () => {
        const id = nextId++ & 0xffff;
        const token = Buffer.from([id >> 8, id, 1, 2]);
        return protect(encodeMessage({ type: 'CON', code: coapCode.post, id, token, options, payload }));
      });
    },
    exchange: (requests) => exchange(socket, requests),
    async send(requests) {
      for (const request of requests)
        await new Promise((resolve) => socket.send(request, () => resolve(undefined)));
    },
    check(answers) {
      for (const answer of answers) {
        const message = decodeMessage(unprotect(answer));
        if ('problem' in message || message.type !== 'ACK' || message.code !== coapCode.changed)
          throw new Error(`not an acknowledgement with 2.04: ${JSON.stringify(message)}`);
      }
    },
    close: () => socket.close(),
  };
}

/** @param {import('node:dgram').Socket} socket @param {Buffer[]} requests @returns {Promise<Buffer[]>} */
function exchange(socket, requests) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const answers = [];
    let sent = 0;
    let seen = -1;
    const patience = setInterval(() => {
      if (answers.length === seen) reject(new Error(`${requests.length - seen} requests have no answer`));
      seen = answers.length;
    }, patienceMs);
    const send = () => {
      const request = requests[sent++];
      if (request) socket.send(request);
    };
    const receive = (/** @type {Buffer} */ datagram) => {
      // A server whose last flight came late sends it again.
      if (ofHandshakes.has(datagram[0])) return;
      answers.push(datagram);
      send();
      if (answers.length < requests.length) return;
      clearInterval(patience);
      socket.off('message', receive);
      resolve(answers);
    };
    socket.on('message', receive);
    for (let first = 0; first < window; first++) send();
  });
}

/** Each device has an address of its own, as in the field, and so never the port of one that left. */
async function connectedSocket(/** @type {number} */ port, /** @type {number} */ index) {
  const socket = createSocket('udp4');
  // Nobody listens any more: whoever waits for an answer says so.
  socket.on('error', () => {});
  await new Promise((resolve) => {
    socket.bind(0, `127.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`, () => resolve(undefined));
  });
  await new Promise((resolve, reject) => {
    socket.connect(port, '127.0.0.1', (/** @type {Error | undefined} */ error) =>
      error ? reject(error) : resolve(undefined),
    );
  });
  return socket;
}
