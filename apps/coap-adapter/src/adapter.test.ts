import { createPrivateKey } from 'node:crypto';
import { describeAdapter } from '@rollcall/adapter-conformance';
import { startForTest } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { scriptedAuthorities, scriptedKey, scriptedPassword } from '@rollcall/conformance/registry';
import { coapCode } from '@rollcall/coap';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCoapAdapter } from './adapter.ts';
import { givenAConnectedDevice, givenADevice, givenAnAdapter } from './testing/adapter-bed.ts';
import { options } from './testing/options.ts';
import { createPlainDevice } from './testing/plain-device.ts';

const minute = 60_000;

describeAdapter('CoAP', {
  credentialsType: 'psk',
  bytes: { absentBecause: 'a device sends datagrams' },
  createAdapter: () => createCoapAdapter(options),
  answersGoodbye: true,
  silenceMs: 10 * minute,
  // There is no connection to cut, to take over, or to leave silent. Wrong keys see `handshakes`, expiry `leases`.
  cannot: ['vanish', 'takeOver', 'expire', 'proveWrong', 'crowd', 'multiply'],
  async connect({ port }, { username, password }) {
    const secret = password === scriptedPassword ? scriptedKey : Buffer.from(password);
    const device = givenADevice(port, { psk: { identity: Buffer.from(username), secret } });
    if (!(await device.connect()) || (await device.send('telemetry')) !== '2.04') return undefined;
    return {
      leave: async () => void (await device.send('event?empty&hono-ttd=0', { payload: Buffer.alloc(0) })),
      vanish: async () => {},
      fallSilent: async () => {},
    };
  },
});

describe('handshakes', () => {
  test('a device connects with a client certificate of its tenant', async () => {
    const certified = (subject: string) => {
      const { key, der } = scriptedAuthorities.acme.issue({ subject });
      return { key: createPrivateKey(key), chain: [der] };
    };
    const adapter = await givenAConnectedDevice(
      { secure: { ...options.secure, certificate: certified('CN=localhost') } },
      {},
      { certificate: certified('CN=thermostat-7,O=acme') },
    );
    expect(await adapter.device.send('telemetry')).toBe('2.04');
    expect((await adapter.events(1))[0]).toMatchObject({ remoteId: 'CN=thermostat-7,O=acme' });
  });

  test('the server name says which of the tenants that trust one authority a device belongs to', async () => {
    const { subject: subjectDn, publicKey, issue } = scriptedAuthorities.acme;
    const certified = (subject: string) => {
      const { key, der } = issue({ subject });
      return { key: createPrivateKey(key), chain: [der] };
    };
    const adapter = await givenAnAdapter({
      secure: { ...options.secure, certificate: certified('CN=localhost') },
    });
    adapter.registry.setTenant('umbrella', { alias: 'rain', trustAnchors: [{ subjectDn, publicKey }] });
    const certificate = certified('CN=valve-1,O=umbrella');
    const connectTo = (serverName?: string) =>
      givenADevice(adapter.port, { certificate, ...(serverName !== undefined && { serverName }) });
    for (const name of [undefined, 'acme.localhost'])
      expect(await connectTo(name).connect(), name).toBe(false);
    const device = connectTo('rain.localhost');
    expect(await device.connect()).toBe(true);
    expect(await device.send('telemetry')).toBe('2.04');
    expect((await adapter.events(1))[0]).toMatchObject({ device: { tenant: 'umbrella', device: 'valve-1' } });
  });

  test('a wrong key is counted as a failed login at once, and once for each handshake', async () => {
    const adapter = await givenAnAdapter();
    const secret = Buffer.from('guess-me');
    const device = givenADevice(adapter.port, {
      psk: { identity: Buffer.from('thermostat-7@acme'), secret },
    });
    expect(await device.connect()).toBe(false);
    expect(adapter.logged.filter(({ message }) => message === 'device refused')).toHaveLength(1);
    await adapter.clock.advanceAsync(2 * minute);
    const refused = adapter.logged.filter(({ message }) => message === 'device refused');
    expect(refused.map(({ facts }) => facts)).toEqual([
      expect.objectContaining({ problem: 'wrong-secret', tenant: 'acme' }),
    ]);
    expect(JSON.stringify(adapter.logged)).not.toContain('guess-me');
    expect(adapter.sink.events).toEqual([]);
  });
});

describe('the port without DTLS', () => {
  test.each([true, false])(
    'a request that does not say who sends it is counted as one without credentials (authentication required: %s)',
    async (authenticationRequired) => {
      const { send, logged } = await givenAPlainDevice(authenticationRequired);
      expect(await send('event')).toBe('4.01');
      expect(logged.filter(({ message }) => message === 'device refused')).toMatchObject([
        { facts: { problem: 'credentials-missing' } },
      ]);
    },
  );

  async function givenAPlainDevice(authenticationRequired: boolean) {
    const adapter = await givenAnAdapter({ plain: { host: '127.0.0.1', port: 0 }, authenticationRequired });
    const port = adapter.running.listening[1]?.port ?? 0;
    const device = createPlainDevice(port);
    onTestFinished(() => device.close());
    return { ...adapter, send: device.send };
  }

  test('the port without DTLS takes uploads that name a device, and publishes no event about it', async () => {
    const { send, sender, sink } = await givenAPlainDevice(false);
    const put = { code: coapCode.put };
    expect(await send('event/acme/valve-1', put)).toBe('2.04');
    expect(await send('event')).toBe('4.01');
    expect(await send('event//valve-1', put)).toBe('4.04');
    expect(await send('event/acme/nobody', put)).toBe('4.04');
    expect(sender.messages).toHaveLength(1);
    await settled();
    expect(sink.events).toEqual([]);
  });

  test('the port without DTLS lets a device wait for a command', async () => {
    const { send, sender, clock } = await givenAPlainDevice(false);
    const answers: string[] = [];
    void send('event/acme/valve-1?hono-ttd=10', { code: coapCode.put }).then((code) => answers.push(code));
    await expect.poll(() => sender.messages).toMatchObject([{ ttdSeconds: 10 }]);
    await clock.advanceAsync(9_999);
    await settled();
    expect(answers).toEqual([]);
    await clock.advanceAsync(1);
    await expect.poll(() => answers).toEqual(['2.04']);
  });

  test('the port without DTLS refuses all requests where devices must authenticate, and the log warns of it', async () => {
    const { send, sender, logged } = await givenAPlainDevice(true);
    expect(await send('event/acme/valve-1', { code: coapCode.put })).toBe('4.01');
    expect(sender.messages).toEqual([]);
    expect(logged.some(({ level, message }) => level === 'warn' && message.includes('without DTLS'))).toBe(
      true,
    );
  });
});

describe('ports', () => {
  test('a port may be bound by host name, and one that is taken is named in the error', async () => {
    const adapter = await givenAnAdapter({ secure: { host: 'localhost', port: 0 } });
    await expect(
      startForTest(createCoapAdapter({ ...options, secure: { host: 'localhost', port: adapter.port } })),
    ).rejects.toThrow(`coaps port localhost:${adapter.port} cannot be bound: EADDRINUSE`);
    await expect(
      startForTest(createCoapAdapter({ ...options, secure: { host: 'nowhere.invalid', port: 0 } })),
    ).rejects.toThrow(/coaps port nowhere\.invalid:0 cannot be bound: E/);
  });
});
