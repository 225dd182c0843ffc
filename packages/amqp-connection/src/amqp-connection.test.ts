import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { ManualClock } from '@rollcall/conformance';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { silentLog } from '@rollcall/core/environment';
import { afterEach, describe, expect, test } from 'vitest';
import { createTestBed, startScriptedPeer, type ScriptedPeer } from './testing/index.ts';

const bed = createTestBed();
afterEach(() => bed.closeAll());

const patient = { creditWaitMs: 5_000, outcomeTimeoutMs: 5_000 };
const message = new Uint8Array([0x00, 0x53, 0x77, 0xa1, 0x01, 0x78]);

function recordingLog() {
  const warnings: string[] = [];
  return {
    warnings,
    log: { ...silentLog, warn: (_facts: object, line: string) => void warnings.push(line) },
  };
}

async function freePort(): Promise<number> {
  const peer = await startScriptedPeer();
  await peer.close();
  return peer.port;
}

describe('a connection', () => {
  test('has a container id of its name and a new UUID, and names the virtual host', async () => {
    const { peer, connection } = await bed.givenAPeer({ amqpHostname: 'hono-internal' });
    await connection.whenConnected();
    await bed.connectTo(peer.port).whenConnected();
    const [first, second] = peer.containerIds;
    expect(first).toMatch(/^test-[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(second).not.toBe(first);
    expect(peer.hostnames).toEqual(['hono-internal', '127.0.0.1']);
  });

  test('is tried again until a peer listens', async () => {
    const port = await freePort();
    const { log, warnings } = recordingLog();
    const connection = bed.connectTo(port, { log });
    const sent = connection.openSender('q', patient).send(message);
    await expect
      .poll(() => warnings)
      .toEqual([`nothing listens at 127.0.0.1:${port}: is the messaging network running?`]);
    bed.own(await startScriptedPeer({ port }));
    expect(await sent).toEqual({ status: 'accepted' });
  });

  test('that is not answered is given up in time', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    bed.own({ close: async () => void silent.close() });
    const clock = new ManualClock();
    const { log, warnings } = recordingLog();
    bed.connectTo((silent.address() as AddressInfo).port, { log, clock, connectTimeoutMs: 5_000 });
    const [socket] = await once(silent, 'connection');
    clock.advance(4_999);
    expect(warnings).toEqual([]);
    clock.advance(1);
    await once(socket.resume(), 'close');
    await expect.poll(() => warnings[0]).toContain('no answer within 5000 ms');
  });

  test('is closed at once, also while it is being opened', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    bed.own({ close: async () => void silent.close() });
    const connection = bed.connectTo((silent.address() as AddressInfo).port, { clock: new ManualClock() });
    await once(silent, 'connection');
    await connection.close();
    await expect(connection.whenConnected()).rejects.toThrow('no connection');
  });

  test('is not dialled again once it is closed, and gives back messages that wait on it', async () => {
    const { peer, connection } = await bed.givenAPeer();
    peer.credit = 0;
    await connection.whenConnected();
    const link = connection.openSender('q', patient);
    const waiting = link.send(message);
    await expect.poll(() => peer.attached).toEqual(['q']);
    await connection.close();
    expect(connection.connected()).toBe(false);
    expect(await waiting).toEqual({ status: 'disconnected' });
    expect(await link.send(message)).toEqual({ status: 'disconnected' });
    await expect(connection.whenConnected()).rejects.toThrow('no connection');
    expect(peer.opened()).toBe(1);
  });

  test('is lost when the peer falls silent', async () => {
    const states: boolean[] = [];
    const { peer, connection } = await bed.givenAPeer({
      idleTimeoutMs: 100,
      onStateChange: (connected) => states.push(connected),
    });
    await connection.whenConnected();
    peer.fallSilent();
    await expect.poll(() => states).toEqual([true, false, true]);
  });

  test('is dialled again when the peer ends its session', async () => {
    const { log, warnings } = recordingLog();
    const { peer, connection } = await bed.givenAPeer({ log });
    const link = connection.openSender('q', patient);
    await link.send(message);
    peer.endSessions('amqp:internal-error');
    await expect.poll(() => peer.opened()).toBe(2);
    expect(await link.send(message)).toEqual({ status: 'accepted' });
    expect(warnings).toEqual(['connection to the messaging network lost']);
  });

  test('that is lost over and over is logged once a minute, with the number of losses that were not logged', async () => {
    const clock = new ManualClock();
    const lines: unknown[] = [];
    const note = (facts: object, text: string): void => void lines.push([text, facts]);
    const { peer, connection } = await bed.givenAPeer({
      clock,
      role: 'events',
      redial: { minDelayMs: 0, maxDelayMs: 0, incrementMs: 0 },
      log: { ...silentLog, info: note, warn: note },
    });
    const loseConnection = async (): Promise<void> => {
      await connection.whenConnected();
      peer.drop();
      await expect.poll(() => connection.connected()).toBe(false);
      await expect.poll(() => clock.armed).toBe(1);
      clock.advance(0);
    };
    for (let time = 0; time < 4; time++) await loseConnection();
    await connection.whenConnected();
    const connected = ['connected to the messaging network', expect.objectContaining({ role: 'events' })];
    const lost = (facts: object) => [
      'connection to the messaging network lost',
      expect.objectContaining({ role: 'events', ...facts }),
    ];
    expect(lines).toEqual([connected, lost({}), connected]);
    clock.advance(60_000);
    await loseConnection();
    await connection.whenConnected();
    expect(lines.slice(3)).toEqual([lost({ alsoSinceLastLine: 3 }), connected]);
  });

  test('that is lost as soon as it is made is dialled again with growing pauses', async () => {
    const clock = new ManualClock();
    const redial = { minDelayMs: 0, maxDelayMs: 7_000, incrementMs: 100 };
    const { peer, connection } = await bed.givenAPeer({ clock, redial });
    const loseConnection = async (): Promise<void> => {
      await connection.whenConnected();
      peer.drop();
      await expect.poll(() => connection.connected()).toBe(false);
      await expect.poll(() => clock.armed).toBe(1);
    };
    await loseConnection();
    clock.advance(0);
    await loseConnection();
    // The second retry comes at a random time up to 200 ms; drawn here: the middle.
    clock.advance(99);
    expect(clock.armed).toBe(1);
    clock.advance(1);
    await connection.whenConnected();
    clock.advance(1_000);
    await loseConnection();
    clock.advance(0);
    await connection.whenConnected();
    expect(peer.opened()).toBe(4);
  });
});

describe('credentials', () => {
  test('beyond ASCII arrive as they are', async () => {
    const { peer, connection } = await bed.givenAPeer({ username: 'sender@hono', password: 'sécrèt€' });
    await connection.whenConnected();
    expect(peer.logins).toEqual([{ username: 'sender@hono', password: 'sécrèt€' }]);
  });

  test('that are refused are logged in one line, and tried again', async () => {
    const { log, warnings } = recordingLog();
    const peer = await startScriptedPeer();
    bed.own(peer);
    peer.authenticate = () => false;
    const connection = bed.connectTo(peer.port, { username: 'u', password: 'wrong-secret', log });
    await expect.poll(() => peer.logins.length).toBeGreaterThan(2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('check user name, password');
    expect(warnings[0]).not.toContain('wrong-secret');
    peer.authenticate = () => true;
    await connection.whenConnected();
  });
});

describe('TLS', () => {
  const speaksTls = localhostCertificate();
  const ca = speaksTls.cert;

  async function complaintWith(host: string, tls: { readonly ca?: string }): Promise<string | undefined> {
    const { log, warnings } = recordingLog();
    await bed.givenAPeer({ host, tls: { ...tls, hostnameVerification: true }, log }, speaksTls);
    await expect.poll(() => warnings.length).toBe(1);
    return warnings[0];
  }

  test('connects to a peer whose certificate is trusted', async () => {
    const tls = { ca, hostnameVerification: true };
    const { connection } = await bed.givenAPeer({ host: 'localhost', tls }, speaksTls);
    expect(await connection.openSender('q', patient).send(message)).toEqual({ status: 'accepted' });
  });

  test('does not connect to a peer whose certificate is not trusted', async () => {
    const complaint = await complaintWith('localhost', {});
    expect(complaint).toMatch(/^TLS with localhost:\d+ failed: check trust store/);
    expect(complaint).toContain('SELF_SIGNED');
  });

  test('does not connect to a host of another name, unless names are not verified', async () => {
    expect(await complaintWith('127.0.0.1', { ca })).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    const tls = { ca, hostnameVerification: false };
    const { connection } = await bed.givenAPeer({ tls }, speaksTls);
    await connection.whenConnected();
  });

  test('fails with one line in the log when the port does not speak it', async () => {
    const { log, warnings } = recordingLog();
    const { peer }: { peer: ScriptedPeer } = await bed.givenAPeer({
      tls: { hostnameVerification: true },
      log,
    });
    await expect.poll(() => warnings.length).toBe(1);
    expect(warnings[0]).toContain(`127.0.0.1:${peer.port}`);
  });
});

describe('an error that is thrown', () => {
  const fail = (): never => {
    throw new Error('cursed');
  };

  test.each<[string, (socket: Socket) => void]>([
    ['by a listener of the socket', (socket) => socket.on('data', fail)],
    ['by what writes to the socket', (socket) => (socket.write = fail)],
  ])('%s ends the connection, and another one is dialled', async (_where, curse) => {
    const peer = await startScriptedPeer();
    bed.own(peer);
    const told: object[] = [];
    const sockets: Socket[] = [];
    const take = (made: unknown): void => void sockets.push((made as { readonly socket: Socket }).socket);
    subscribe('net.client.socket', take);
    const connection = bed.connectTo(peer.port, {
      log: { ...silentLog, error: (facts) => void told.push(facts), warn: (facts) => void told.push(facts) },
    });
    await connection.whenConnected();
    unsubscribe('net.client.socket', take);
    const ours = sockets.find(({ remotePort }) => remotePort === peer.port);
    if (ours) curse(ours);
    const link = connection.openSender('q', patient);
    await expect.poll(async () => (await link.send(message)).status).toBe('accepted');
    expect(peer.opened()).toBe(2);
    // rhea catches some of it, and then the connection is lost like any other.
    expect(told.length).toBeGreaterThan(0);
  });

  test('by `onStateChange` does not keep a connection from being dialled', async () => {
    const peer = await startScriptedPeer();
    bed.own(peer);
    const connection = bed.connectTo(peer.port, { onStateChange: fail });
    const link = connection.openSender('q', patient);
    expect(await link.send(message)).toEqual({ status: 'accepted' });
    peer.drop();
    await expect.poll(async () => (await link.send(message)).status).toBe('accepted');
    expect(peer.opened()).toBe(2);
  });
});
