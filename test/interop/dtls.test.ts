import { spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority, type IssuedCertificate } from '@rollcall/conformance/certificates';
import { systemClock } from '@rollcall/core/environment';
import { createDtlsServer, type DtlsServer } from '@rollcall/dtls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasPackage } from './support.ts';

// OpenSSL and GnuTLS as clients of an echo server on our DTLS engine.

const secret = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const device = createCertificateAuthority('CN=devices').issue({ subject: 'CN=sensor1' });
const stranger = createCertificateAuthority('CN=others').issue({ subject: 'CN=sensor1' });
const adapter = createCertificateAuthority('CN=localhost');
const strongDevice = createCertificateAuthority('CN=devices').issue({
  subject: 'CN=sensor1',
  namedCurve: 'P-384',
});
const strongAdapter = createCertificateAuthority('CN=adapters').issue({
  subject: 'CN=localhost',
  namedCurve: 'P-384',
});
let used: IssuedCertificate;

let socket: Socket;
let server: DtlsServer;
let port: number;
let folder: string;
let log: string[];

beforeEach(async () => {
  log = [];
  used = adapter;
  folder = await mkdtemp(join(tmpdir(), 'rollcall-dtls-'));
  for (const [name, certificate] of Object.entries({ device, stranger, strong: strongDevice })) {
    await writeFile(join(folder, `${name}.pem`), certificate.cert);
    await writeFile(join(folder, `${name}.key`), certificate.key);
  }
  socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  port = socket.address().port;
  server = createDtlsServer<string>({
    clock: systemClock,
    send: (datagram, peer) => socket.send(datagram, peer.port, peer.address),
    findPsk: async (identity) =>
      identity.toString() === 'sensor1' ? { secret, principal: 'sensor1' } : undefined,
    certificate: () => ({ chain: [used.der], key: createPrivateKey(used.key) }),
    verifyCertificate: async ([der]) =>
      der?.equals(device.der) || der?.equals(strongDevice.der) ? 'sensor1' : undefined,
    cipherSuites: [
      'TLS_PSK_WITH_AES_128_CCM_8',
      'TLS_PSK_WITH_AES_128_CCM',
      'TLS_PSK_WITH_AES_128_GCM_SHA256',
      'TLS_PSK_WITH_AES_128_CBC_SHA256',
      'TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256',
      'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
      'TLS_ECDHE_ECDSA_WITH_AES_128_CCM',
      'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
    ],
    onOpen: ({ principal, cipherSuite, isResumed }) =>
      log.push(`open ${principal} ${cipherSuite}${isResumed ? ' resumed' : ''}`),
    onMessage: (association, plaintext) =>
      association.send(Buffer.from(`the server heard ${plaintext.toString()}`)),
    onClose: (_, reason) => log.push(`close ${reason}`),
    onHandshakeFailed: (_, failure) => log.push(`failed ${failure}`),
  });
  socket.on('message', (datagram, peer) => server.receive(datagram, peer));
});

afterEach(async () => {
  server.close();
  socket.close();
  await rm(folder, { recursive: true, force: true });
});

/** Has a client say hello, and leave once that was answered. Resolves with all it printed. */
async function talk(command: string, args: readonly string[], limitMs = 10_000): Promise<string> {
  const client = spawn(command, args, { cwd: folder });
  const limit = setTimeout(() => client.kill('SIGKILL'), limitMs);
  let printed = '';
  const hear = (chunk: Buffer): void => {
    printed += chunk.toString();
    if (printed.includes('the server heard hello')) client.stdin.end();
  };
  client.stdout.on('data', hear);
  client.stderr.on('data', hear);
  // It may have left before it reads.
  client.stdin.on('error', () => {});
  client.stdin.write('hello\n');
  await once(client, 'close');
  clearTimeout(limit);
  return printed;
}

const withPsk = ['-psk', secret.toString('hex'), '-psk_identity', 'sensor1'];
const withCertificate = ['-cert', 'device.pem', '-key', 'device.key'];

describe.runIf(hasPackage('openssl'))('openssl s_client', () => {
  const openssl = (suite: string, args: readonly string[], limitMs?: number): Promise<string> =>
    talk(
      'openssl',
      ['s_client', '-dtls1_2', '-connect', `127.0.0.1:${port}`, '-cipher', `${suite}:@SECLEVEL=0`, ...args],
      limitMs,
    );

  test.each([
    ['PSK-AES128-CCM8', 'TLS_PSK_WITH_AES_128_CCM_8', withPsk],
    ['PSK-AES128-CCM', 'TLS_PSK_WITH_AES_128_CCM', withPsk],
    ['PSK-AES128-GCM-SHA256', 'TLS_PSK_WITH_AES_128_GCM_SHA256', withPsk],
    ['PSK-AES128-CBC-SHA256', 'TLS_PSK_WITH_AES_128_CBC_SHA256', withPsk],
    ['ECDHE-PSK-AES128-CBC-SHA256', 'TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256', withPsk],
    ['ECDHE-ECDSA-AES128-CCM8', 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', withCertificate],
    ['ECDHE-ECDSA-AES128-CCM', 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM', withCertificate],
    ['ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', withCertificate],
    ['ECDHE-ECDSA-AES128-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', withCertificate],
  ])('shakes hands with %s', async (suite, name, credentials) => {
    expect(await openssl(suite, credentials)).toContain('the server heard hello');
    expect(log).toEqual([`open sensor1 ${name}`, 'close close-notify']);
  });

  test.each([
    ['PSK-AES128-CCM8', 'TLS_PSK_WITH_AES_128_CCM_8', withPsk],
    ['ECDHE-ECDSA-AES128-CCM8', 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', withCertificate],
  ])('resumes its session with %s', async (suite, name, credentials) => {
    await openssl(suite, [...credentials, '-sess_out', 'session']);
    expect(await openssl(suite, [...credentials, '-sess_in', 'session'])).toContain('Reused, TLSv1.2');
    expect(log).toEqual([
      `open sensor1 ${name}`,
      'close close-notify',
      `open sensor1 ${name} resumed`,
      'close close-notify',
    ]);
  });

  test.each([
    ['P-384 alone', ['-curves', 'P-384']],
    ['both curves', ['-curves', 'P-384:P-256']],
    ['both curves, and no SHA-384', ['-curves', 'P-384:P-256', '-sigalgs', 'ECDSA+SHA256']],
  ])('shakes hands with keys on P-384 on both sides, where the client knows %s', async (_what, args) => {
    used = strongAdapter;
    const printed = await openssl('ECDHE-ECDSA-AES128-CCM8', [
      ...['-cert', 'strong.pem', '-key', 'strong.key'],
      ...args,
    ]);
    expect(printed).toContain('the server heard hello');
    expect(log).toEqual(['open sensor1 TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'close close-notify']);
  });

  test('shakes hands in fragments of 256 bytes, also of the certificate', async () => {
    const printed = await openssl('ECDHE-ECDSA-AES128-CCM8', [...withCertificate, '-mtu', '256']);
    expect(printed).toContain('the server heard hello');
  });

  test.each([
    ['no certificate', [], 'alert number 40', 'failed no-certificate'],
    [
      'a certificate that is not trusted',
      ['-cert', 'stranger.pem', '-key', 'stranger.key'],
      'alert number 46',
      'failed certificate-refused',
    ],
  ])('gets an alert: %s', async (_, credentials, alert, failure) => {
    expect(await openssl('ECDHE-ECDSA-AES128-CCM8', credentials)).toContain(alert);
    expect(log).toEqual([failure]);
  });

  test.each([
    ['a wrong key', ['-psk', 'aabbccdd', '-psk_identity', 'sensor1']],
    ['an unknown identity', ['-psk', secret.toString('hex'), '-psk_identity', 'nobody']],
  ])('gets no answer: %s', async (_, credentials) => {
    const printed = await openssl('PSK-AES128-CCM8', credentials, 2_500);
    expect(printed).not.toContain('alert');
    expect(log).toEqual([]);
    expect(server.counters.dropped['not-authentic']).toBeGreaterThan(0);
  });
});

describe.runIf(hasPackage('gnutls-bin'))('gnutls-cli', () => {
  const gnutls = (priority: string, args: readonly string[]): Promise<string> =>
    talk('gnutls-cli', [
      ...['--udp', '127.0.0.1', '--port', String(port), '--no-ca-verification', ...args],
      ...['--priority', `NONE:+VERS-DTLS1.2:+COMP-NULL:+SIGN-ALL:+GROUP-ALL:+AEAD:+SHA256:${priority}`],
    ]);
  const psk = ['--pskusername', 'sensor1', '--pskkey', secret.toString('hex')];
  const certificate = ['--x509certfile', 'device.pem', '--x509keyfile', 'device.key'];

  // Not ECDHE-PSK: gnutls-cli 3.7 finishes that handshake, and crashes when it describes it.
  test.each([
    ['+PSK:+AES-128-CCM-8', 'TLS_PSK_WITH_AES_128_CCM_8', psk],
    ['+PSK:+AES-128-GCM:%NO_SESSION_HASH', 'TLS_PSK_WITH_AES_128_GCM_SHA256', psk],
    ['+PSK:+AES-128-CBC', 'TLS_PSK_WITH_AES_128_CBC_SHA256', psk],
    ['+PSK:+AES-128-CBC:%NO_ETM', 'TLS_PSK_WITH_AES_128_CBC_SHA256', psk],
    ['+ECDHE-ECDSA:+AES-128-CCM-8', 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', certificate],
    ['+ECDHE-ECDSA:+AES-128-GCM', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', certificate],
  ])('shakes hands with %s', async (priority, name, credentials) => {
    expect(await gnutls(priority, credentials)).toContain('the server heard hello');
    expect(log).toEqual([`open sensor1 ${name}`, 'close close-notify']);
  });

  test('shakes hands in fragments of 300 bytes, also of the certificate', async () => {
    const printed = await gnutls('+ECDHE-ECDSA:+AES-128-CCM-8', [...certificate, '--mtu', '300']);
    expect(printed).toContain('the server heard hello');
  });

  test('gets an alert where it has no certificate', async () => {
    expect(await gnutls('+ECDHE-ECDSA:+AES-128-CCM-8', [])).toContain('Handshake failed');
    expect(log[0]).toBe('failed no-certificate');
  });
});
