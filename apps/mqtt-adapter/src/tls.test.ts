import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { settled } from '@rollcall/conformance';
import { createCertificateAuthority, localhostCertificate } from '@rollcall/conformance/certificates';
import { scriptedAuthorities } from '@rollcall/conformance/registry';
import mqtt, { type MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import { bytesOf } from './testing/device-bytes.ts';
import { connect, endsWithTheTest, givenAnAdapter } from './testing/mqtt-bed.ts';
import { credentials } from './testing/raw-peer.ts';

test('a device over TLS is served the same, on a port of its own', async () => {
  const certificate = localhostCertificate();
  const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...certificate } });
  const [plain, secure] = adapter.running.listening;
  expect([plain?.scheme, secure?.scheme]).toEqual(['mqtt', 'mqtts']);
  const facts = { ...credentials, protocolVersion: 5, reconnectPeriod: 0, ca: certificate.cert } as const;
  const client = await mqtt.connectAsync(`mqtts://localhost:${secure?.port}`, facts);
  endsWithTheTest(client);
  await client.publishAsync('event', '21.5', { qos: 1 });
  // A connection without TLS ends, and no other device notices.
  const stranger = connectSocket(secure?.port ?? 0, '127.0.0.1').on('error', () => {});
  stranger.write('GET / HTTP/1.1\r\n\r\n');
  await new Promise((resolve) => stranger.once('close', resolve));
  await client.endAsync();
  expect((await adapter.events(2)).map(({ type }) => type)).toEqual(['connected', 'disconnected']);
});

test('over TLS, a DISCONNECT behind slow messages counts when it arrives', async () => {
  const certificate = localhostCertificate();
  const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...certificate } });
  const { clock, sender } = adapter;
  const port = adapter.running.listening[1]?.port ?? 0;
  const socket = connectTls({ port, host: 'localhost', ca: certificate.cert }).on('error', () => {});
  const { login, upload, goodbye } = bytesOf(5);
  socket.resume().write(login);
  await adapter.events(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  sender.outcome = async () => {
    await promise;
    return { status: 'accepted' };
  };
  socket.write(Buffer.concat([upload(0), upload(1), upload(2)]));
  await expect.poll(() => sender.messages.length).toBe(3);
  await clock.advanceAsync(2_000);
  socket.write(Buffer.concat([upload(3), goodbye]), () => socket.destroy());
  const [first, second] = await adapter.events(2);
  resolve();
  expect(second).toMatchObject({ reason: 'client-closed', uncertaintyMs: 0 });
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBe(2_000);
  await expect.poll(() => sender.messages.length).toBe(4);
});

test('over TLS a device without a user name is authenticated by its certificate', async () => {
  const server = localhostCertificate();
  const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...server } });
  const url = `mqtts://localhost:${adapter.running.listening[1]?.port}`;
  const { acme } = scriptedAuthorities;
  const connectAs = async (facts: object): Promise<MqttClient> => {
    const client = await mqtt.connectAsync(url, { ca: server.cert, reconnectPeriod: 0, ...facts });
    endsWithTheTest(client);
    return client;
  };
  const { key, cert } = acme.issue({ subject: 'CN=valve-1,O=acme', notAfter: adapter.clock.now() + 30_000 });
  await (await connectAs({ key, cert })).publishAsync('event', '21.5', { qos: 1 });
  await connectAs({ key, cert, ...credentials, clientId: 'named' });
  const foreign = createCertificateAuthority(acme.subject).issue({ subject: 'CN=valve-1,O=acme' });
  await expect(connectAs({ key: foreign.key, cert: foreign.cert })).rejects.toMatchObject({ code: 4 });
  await expect(connectAs({})).rejects.toMatchObject({ code: 4 });
  expect((await adapter.events(2)).map(({ device }) => device.device)).toEqual(['valve-1', 'thermostat-7']);
  await adapter.clock.advanceAsync(31_000);
  expect((await adapter.events(3))[2]).toMatchObject({
    device: { device: 'valve-1' },
    reason: 'credentials-expired',
  });
});

test('over TLS the server name says which of the tenants that trust one authority a device belongs to', async () => {
  const server = localhostCertificate();
  const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...server } });
  const { subject: subjectDn, publicKey, issue } = scriptedAuthorities.acme;
  adapter.registry.setTenant('umbrella', { alias: 'rain', trustAnchors: [{ subjectDn, publicKey }] });
  const { key, cert } = issue({ subject: 'CN=valve-1,O=umbrella' });
  const connectTo = (servername: string): Promise<MqttClient | undefined> =>
    connect(adapter.running.listening[1]?.port ?? 0, {
      protocol: 'mqtts',
      host: '127.0.0.1',
      rejectUnauthorized: false,
      servername,
      key,
      cert,
    });
  for (const name of ['localhost', 'acme.localhost', 'nowhere.localhost', 'rain'])
    expect(await connectTo(name), name).toBeUndefined();
  expect(adapter.sink.events).toEqual([]);
  for (const name of ['rain.localhost', 'umbrella.localhost', 'RAIN.localhost'])
    expect(await connectTo(name), name).toBeDefined();
  expect((await adapter.events(3))[0]).toMatchObject({ device: { tenant: 'umbrella', device: 'valve-1' } });
});

test('TLS handshakes that do not begin are bounded in number, and by time', async () => {
  const certificate = localhostCertificate();
  const adapter = await givenAnAdapter({
    tls: { host: '127.0.0.1', port: 0, ...certificate },
    connectTimeoutMs: 10_000,
    maxPendingSockets: 2,
  });
  const port = adapter.running.listening[1]?.port ?? 0;
  const silent: Socket[] = [];
  for (let i = 0; i < 3; i++) {
    const socket = connectSocket(port, '127.0.0.1').on('error', () => {});
    silent.push(socket.resume());
    await once(socket, 'connect');
  }
  // The first made room for the third; the others run out of time.
  const [first, ...others] = silent.map((socket) => once(socket, 'close'));
  await first;
  await settled();
  expect(silent.map(({ closed }) => closed)).toEqual([true, false, false]);
  await adapter.clock.advanceAsync(10_000);
  await Promise.all(others);
  const facts = { ...credentials, reconnectPeriod: 0, ca: certificate.cert } as const;
  const client = await mqtt.connectAsync(`mqtts://localhost:${port}`, facts);
  endsWithTheTest(client);
  expect(client.connected).toBe(true);
});
