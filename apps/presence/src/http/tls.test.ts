import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get as httpsGet } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { settled } from '@rollcall/conformance';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { expect, onTestFinished, test } from 'vitest';
import { startApi } from '../testing/start-api.ts';

const authority = createCertificateAuthority('CN=CA');
const issue = () => authority.issue({ subject: 'CN=localhost' });

function given() {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-presence-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [keyPath, certPath] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
  const write = ({ key, cert }: { readonly key: string; readonly cert: string }): void => {
    writeFileSync(keyPath, key);
    writeFileSync(certPath, cert);
  };
  write(issue());
  const environment = { ROLLCALL_PRESENCE_KEYPATH: keyPath, ROLLCALL_PRESENCE_CERTPATH: certPath };
  return { write, environment };
}

async function dial(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: authority.cert,
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** What a client that asks for the liveness is answered; empty if its connection is closed. */
async function answerTo(port: number): Promise<string> {
  try {
    const socket = await dial(port);
    socket.write('GET /liveness HTTP/1.1\r\nhost: x\r\n\r\n');
    const closed = once(socket, 'close').then(() => ['']);
    return String((await Promise.race([once(socket, 'data'), closed]))[0]);
  } catch {
    return '';
  }
}

test('the API with a key and a certificate is served over TLS only, with no broken version', async () => {
  const { environment } = given();
  const { port } = await startApi({ environment });
  const answer = await new Promise<string>((resolve, reject) => {
    httpsGet(
      {
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        path: '/v1/tenants/acme/devices/d',
        ca: authority.cert,
      },
      (response) => void text(response).then(resolve, reject),
    ).on('error', reject);
  });
  expect(JSON.parse(answer)).toMatchObject({ status: 'unknown' });
  await expect(
    dial(port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  ).rejects.toThrow(Error);
  // A client without TLS gets no answer.
  const plain = connectPlain(port, '127.0.0.1').on('error', () => {});
  plain.write('GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n');
  expect(await text(plain)).not.toContain('HTTP/1.1 200');
});

test('new connections get a certificate that was replaced', async () => {
  const { environment, write } = given();
  const { port, clock } = await startApi({ environment });
  const before = (await dial(port)).getPeerCertificate().serialNumber;
  write(issue());
  await expect
    .poll(async () => {
      clock.advance(500);
      await settled();
      return (await dial(port)).getPeerCertificate().serialNumber;
    })
    .not.toBe(before);
});

test('the chosen versions and cipher suites are kept when the certificate is replaced', async () => {
  const { environment, write } = given();
  const suite = 'ECDHE-ECDSA-AES256-GCM-SHA384';
  const { port, clock } = await startApi({
    environment: {
      ...environment,
      ROLLCALL_PRESENCE_SECUREPROTOCOLS: 'TLSv1.2',
      ROLLCALL_PRESENCE_SUPPORTEDCIPHERSUITES: suite,
    },
  });
  const spoken = (socket: TLSSocket): readonly unknown[] => [socket.getProtocol(), socket.getCipher().name];
  const before = await dial(port);
  expect(spoken(before)).toEqual(['TLSv1.2', suite]);
  write(issue());
  let after = before;
  await expect
    .poll(async () => {
      clock.advance(500);
      await settled();
      after = await dial(port);
      return after.getPeerCertificate().serialNumber;
    })
    .not.toBe(before.getPeerCertificate().serialNumber);
  expect(spoken(after)).toEqual(['TLSv1.2', suite]);
});

test('a connection without a request is closed if there are too many, and that of a reader is not', async () => {
  const { environment } = given();
  const { port, watchers } = await startApi({
    environment: { ...environment, ROLLCALL_PRESENCE_MAXCONNECTIONS: '10' },
  });
  const reader = await dial(port);
  reader.write('GET /v1/tenants/acme/watch HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(reader, 'data');
  for (let number = 0; number < 30; number += 1) await dial(port);
  const last = await dial(port);
  last.write('GET /liveness HTTP/1.1\r\nhost: x\r\n\r\n');
  expect(String((await once(last, 'data'))[0])).toContain('200 OK');
  expect([watchers.size, reader.destroyed]).toEqual([1, false]);
});

test('the oldest unfinished handshakes are closed, so that clients can still connect', async () => {
  const { environment } = given();
  const { port, turnedAway } = await startApi({
    environment: { ...environment, ROLLCALL_PRESENCE_MAXCONNECTIONS: '10' },
  });
  const silent = Array.from({ length: 600 }, () => connectPlain(port, '127.0.0.1').on('error', () => {}));
  onTestFinished(() => silent.forEach((socket) => void socket.destroy()));
  await Promise.allSettled(silent.map((socket) => once(socket, 'connect')));
  // On a busy machine, the system may hand over some of the silent ones behind it.
  await expect.poll(() => answerTo(port)).toContain('200 OK');
  expect(new Set(turnedAway)).toEqual(new Set(['handshake 127.0.0.1']));
});
