import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { settled } from '@rollcall/conformance';
import { createCertificateAuthority, localhostCertificate } from '@rollcall/conformance/certificates';
import { scriptedAuthorities } from '@rollcall/conformance/registry';
import { describe, expect, test } from 'vitest';
import { basic, endsWithTheTest, givenAnAdapter } from './testing/http-bed.ts';

describe('HTTP with TLS', () => {
  const certificate = localhostCertificate();

  function sendSecurely(port: number, facts: object = {}): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: basic('thermostat-7@acme'), 'content-type': 'a/b' };
      const request = httpsRequest(
        {
          host: 'localhost',
          port,
          path: '/telemetry',
          method: 'POST',
          headers,
          ca: certificate.cert,
          ...facts,
        },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      request.on('error', reject);
      request.end('21.5');
    });
  }

  test('requests over TLS are answered the same, on a port of their own', async () => {
    const tls = { host: '127.0.0.1', port: 0, ...certificate };
    const adapter = await givenAnAdapter({ tls });
    const [plain, secure] = adapter.running.listening;
    expect([plain?.scheme, secure?.scheme]).toEqual(['http', 'https']);
    expect(await sendSecurely(secure?.port ?? 0)).toBe(202);
    expect((await adapter.events(1))[0]).toMatchObject({ type: 'connected', protocol: 'HTTP/1.1' });
    // A connection without TLS ends, and no other device notices.
    const stranger = connect(secure?.port ?? 0, '127.0.0.1').on('error', () => {});
    endsWithTheTest(stranger);
    stranger.write('POST /telemetry HTTP/1.1\r\n\r\n');
    await once(stranger, 'close');
    expect(await sendSecurely(secure?.port ?? 0)).toBe(202);
    await expect(sendSecurely(secure?.port ?? 0, { maxVersion: 'TLSv1.1' })).rejects.toThrow(
      /protocol|version/i,
    );
  });

  test('a request without credentials is authenticated by the client certificate', async () => {
    const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...certificate } });
    const port = adapter.running.listening[1]?.port ?? 0;
    const { acme } = scriptedAuthorities;
    const headers = { 'content-type': 'a/b' };
    const { key, cert } = acme.issue({ subject: 'CN=valve-1,O=acme' });
    expect(await sendSecurely(port, { headers, key, cert })).toBe(202);
    expect(await sendSecurely(port, { headers })).toBe(401);
    const foreign = createCertificateAuthority(acme.subject).issue({ subject: 'CN=valve-1,O=acme' });
    expect(await sendSecurely(port, { headers, key: foreign.key, cert: foreign.cert })).toBe(401);
    expect(await sendSecurely(port, { key, cert })).toBe(202);
    expect((await adapter.events(2)).map(({ device, remoteId }) => [device.device, remoteId])).toEqual([
      ['valve-1', 'CN=valve-1,O=acme'],
      ['thermostat-7', 'thermostat-7'],
    ]);
  });

  test('the server name says which of the tenants that trust one authority a device belongs to', async () => {
    const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...certificate } });
    const port = adapter.running.listening[1]?.port ?? 0;
    const { subject: subjectDn, publicKey, issue } = scriptedAuthorities.acme;
    adapter.registry.setTenant('umbrella', { alias: 'rain', trustAnchors: [{ subjectDn, publicKey }] });
    const { key, cert } = issue({ subject: 'CN=valve-1,O=umbrella' });
    const headers = { 'content-type': 'a/b' };
    const sendTo = (servername: string) =>
      sendSecurely(port, { headers, key, cert, servername, rejectUnauthorized: false, agent: false });
    for (const name of ['localhost', 'acme.localhost', 'nowhere.localhost'])
      expect(await sendTo(name), name).toBe(401);
    for (const name of ['rain.localhost', 'umbrella.localhost']) expect(await sendTo(name), name).toBe(202);
    expect((await adapter.events(1))[0]).toMatchObject({ device: { tenant: 'umbrella', device: 'valve-1' } });
  });

  test('a connection that never begins its TLS handshake is closed', async () => {
    const adapter = await givenAnAdapter({
      tls: { host: '127.0.0.1', port: 0, ...certificate },
      requestTimeoutMs: 200,
    });
    const silent = connect(adapter.running.listening[1]?.port ?? 0, '127.0.0.1').on('error', () => {});
    endsWithTheTest(silent);
    silent.resume();
    await once(silent, 'connect');
    while (!silent.closed) {
      await adapter.clock.advanceAsync(200);
      await settled();
    }
    expect(silent.bytesRead).toBe(0);
  });
});
