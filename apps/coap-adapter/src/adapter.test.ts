import { createPrivateKey } from 'node:crypto';
import { createMemoryJournal } from '@rollcall/adapter-kit';
import {
  describeAdapter,
  scriptedAuthorities,
  scriptedKey,
  scriptedPassword,
  startForTest,
  type AdapterInTest,
  type TestSetting,
} from '@rollcall/adapter-kit/conformance';
import { coapCode, coapOption, findOption, formatCode, readUint, uintOption } from '@rollcall/coap';
import { settled } from '@rollcall/conformance';
import { afterEach, describe, expect, test } from 'vitest';
import { createCoapAdapter, type CoapAdapterOptions } from './adapter.ts';
import { createCoapDevice, type CoapDevice, type CoapDeviceOptions } from './testing/coap-device.ts';
import { options } from './testing/options.ts';
import { createPlainDevice, type PlainDevice } from './testing/plain-device.ts';

const minute = 60_000;

const devices: CoapDevice[] = [];
const plainDevices: PlainDevice[] = [];
const adapters: AdapterInTest[] = [];
afterEach(async () => {
  for (const device of devices.splice(0)) device.vanish();
  for (const device of plainDevices.splice(0)) device.close();
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

function givenADevice(port: number, facts: CoapDeviceOptions & { readonly username?: string } = {}) {
  const { username = 'thermostat-7@acme', ...rest } = facts;
  const device = createCoapDevice(port, {
    ...(!rest.certificate && { psk: { identity: Buffer.from(username), secret: scriptedKey } }),
    ...rest,
  });
  devices.push(device);
  return device;
}

describeAdapter('CoAP', {
  credentialsType: 'psk',
  createAdapter: () => createCoapAdapter(options),
  answersGoodbye: true,
  silenceMs: 10 * minute,
  // There is no connection: nothing to cut, nothing to take over, and none that says nothing. Wrong keys see `handshakes`, expiry `leases`.
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

async function givenAnAdapter(
  facts: Partial<CoapAdapterOptions> = {},
  setting: TestSetting = {},
): Promise<AdapterInTest & { readonly port: number }> {
  const adapter = await startForTest(createCoapAdapter({ ...options, ...facts }), setting);
  adapters.push(adapter);
  return { ...adapter, port: adapter.address.port };
}

async function givenAConnectedDevice(
  facts: Partial<CoapAdapterOptions> = {},
  setting: TestSetting = {},
  device: Parameters<typeof givenADevice>[1] = {},
) {
  const adapter = await givenAnAdapter(facts, setting);
  const connected = givenADevice(adapter.port, device);
  expect(await connected.connect()).toBe(true);
  return { ...adapter, device: connected };
}

function causes({ sink }: Pick<AdapterInTest, 'sink'>): readonly string[] {
  return sink.events.map((event) => (event.type === 'connected' ? 'connected' : event.reason));
}

const empty = { payload: Buffer.alloc(0) };

describe('what arrives while something before it takes its time', () => {
  test('a goodbye counts when it arrives, though an upload before it is not done', async () => {
    const { device, sender, clock, events } = await givenAConnectedDevice();
    await device.send('telemetry');
    const { promise, resolve } = Promise.withResolvers<void>();
    sender.outcome = async () => {
      await promise;
      return { status: 'accepted' };
    };
    const uploading = device.send('event');
    await expect.poll(() => sender.messages.length).toBe(2);
    await clock.advanceAsync(2_000);
    const leaving = device.send('event?empty&hono-ttd=0', empty);
    const [first, second] = await events(2);
    await clock.advanceAsync(5_000);
    resolve();
    await Promise.all([uploading, leaving]);
    expect(second).toMatchObject({ reason: 'client-closed', uncertaintyMs: 0 });
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBe(2_000);
  });

  test('a goodbye ends the lease of a request before it, which the registry is still asked about', async () => {
    const adapter = await givenAConnectedDevice();
    const release = adapter.registry.hold();
    const uploading = adapter.device.send('event');
    const leaving = adapter.device.send('event?empty&hono-ttd=0', empty);
    await settled();
    release();
    await Promise.all([uploading, leaving]);
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'client-closed']);
  });
});

describe('uploading', () => {
  test('telemetry and events reach the consumer as the device sent them', async () => {
    const { device, sender } = await givenAConnectedDevice();
    expect(await device.send('telemetry')).toBe('2.04');
    expect(await device.send('t', { confirmable: false })).toBe('2.04');
    const contentFormat = uintOption(coapOption.contentFormat, 50);
    expect(await device.send('event?hono-ttd=0', { options: [contentFormat] })).toBe('2.04');
    expect(sender.messages).toMatchObject([
      { endpoint: 'telemetry', qos: 1, origAddress: '/telemetry', contentType: 'application/octet-stream' },
      { endpoint: 'telemetry', qos: 0, origAddress: '/t' },
      { endpoint: 'event', qos: 1, origAdapter: 'hono-coap', contentType: 'application/json' },
    ]);
    expect(Buffer.from(sender.messages[0]?.payload ?? []).toString()).toBe('21.5');
  });

  test('a gateway uploads for a device behind it, and for no other', async () => {
    const { device, sender } = await givenAConnectedDevice({}, {}, { username: 'gw-1@acme' });
    const put = { code: coapCode.put };
    expect(await device.send('event//valve-1', put)).toBe('2.04');
    expect(await device.send('event/acme/valve-1', put)).toBe('2.04');
    expect(await device.send('event//thermostat-7', put)).toBe('4.03');
    expect(await device.send('event/umbrella/valve-1', put)).toBe('4.03');
    expect(sender.messages).toMatchObject([
      { device: { device: 'valve-1' } },
      { device: { device: 'valve-1' } },
    ]);
  });

  test('an empty payload needs a content type, and an empty notification has none', async () => {
    const { device, sender } = await givenAConnectedDevice();
    expect(await device.send('event', empty)).toBe('4.00');
    expect(await device.send('event?empty', empty)).toBe('2.04');
    expect(await device.send('event?empty')).toBe('4.00');
    expect(sender.messages).toMatchObject([
      { contentType: 'application/vnd.eclipse-hono-empty-notification', payload: new Uint8Array() },
    ]);
  });

  test('a payload may come in blocks, and not be too large', async () => {
    const { device, sender } = await givenAConnectedDevice();
    const payload = Buffer.alloc(2_048, 'x');
    expect(await device.send('event', { payload, blockBytes: 128 })).toBe('2.04');
    expect(sender.messages[0]?.payload).toEqual(payload);
    expect(await device.send('event', { payload: Buffer.alloc(2_049), blockBytes: 512 })).toBe('4.13');
  });

  test('a device without a consumer is told when to try again', async () => {
    const { device, sender } = await givenAConnectedDevice();
    sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'no consumer available' } });
    const answer = await device.ask({ path: ['telemetry'], payload: Buffer.from('21.5') });
    expect([formatCode(answer.code), Buffer.from(answer.payload).toString()]).toEqual([
      '5.03',
      'no consumer available',
    ]);
    expect(readUint(answer, coapOption.maxAge)).toBe(2);
  });

  test('a device that asks for the time is told it, with an error too', async () => {
    const { device, clock } = await givenAConnectedDevice();
    const now = Buffer.alloc(8);
    now.writeBigUInt64BE(BigInt(clock.now()));
    const byOption = await device.ask({
      path: ['telemetry'],
      payload: Buffer.from('x'),
      options: [{ number: 65_000, value: new Uint8Array() }],
    });
    const byQuery = await device.ask({ path: ['nowhere'], query: ['hono-time'] });
    for (const answer of [byOption, byQuery]) expect(findOption(answer, 65_000)).toEqual(now);
    expect([formatCode(byOption.code), formatCode(byQuery.code)]).toEqual(['2.04', '4.04']);
  });

  test('a device that waits for a command is acknowledged meanwhile, and answered in time', async () => {
    const { device, clock, sender } = await givenAConnectedDevice({ ackAfterMs: 0 });
    const answer = device.send('telemetry?hono-ttd=30');
    while (sender.messages.length === 0) await settled();
    await clock.advanceAsync(29_999);
    let answered = false;
    void answer.then(() => (answered = true));
    await settled();
    expect(answered).toBe(false);
    await clock.advanceAsync(1);
    expect(await answer).toBe('2.04');
    expect(sender.messages).toMatchObject([{ ttdSeconds: 30 }]);
  });
});

describe('leases', () => {
  test('a request begins a lease, and a handshake does not', async () => {
    const { device, sink, events } = await givenAConnectedDevice();
    await settled();
    expect(sink.events).toEqual([]);
    await device.send('telemetry');
    expect((await events(1))[0]).toMatchObject({
      type: 'connected',
      protocol: 'CoAP/DTLS 1.2',
      remoteId: 'thermostat-7',
      basis: { kind: 'lease', intervalMs: 10 * minute, from: 'default' },
    });
  });

  test.each([
    ['an unknown resource', 'nowhere', {}],
    ['an unknown critical option', 'telemetry', { options: [{ number: 65_001, value: new Uint8Array() }] }],
    ['a payload that is too large', 'telemetry', { payload: Buffer.alloc(3_000), blockBytes: 1_024 }],
  ])('a request that is refused for %s begins a lease', async (_what, path, request) => {
    const { device, events } = await givenAConnectedDevice();
    expect(await device.send(path, request)).toMatch(/^4\./);
    expect((await events(1))[0]).toMatchObject({ type: 'connected' });
  });

  test('a ping of the device renews its lease', async () => {
    const { device, clock, events, sink } = await givenAConnectedDevice();
    await device.send('telemetry');
    await clock.advanceAsync(9 * minute);
    expect(await device.coap.ping()).toBe(true);
    await clock.advanceAsync(9 * minute);
    expect(sink.events).toHaveLength(1);
    await clock.advanceAsync(minute);
    expect((await events(2))[1]).toMatchObject({ reason: 'inactive', uncertaintyMs: 10 * minute });
  });

  test('a goodbye ends the lease, and a goodbye of an absent device begins none', async () => {
    const adapter = await givenAConnectedDevice();
    expect(await adapter.device.send('event?empty&hono-ttd=0', empty)).toBe('2.04');
    await adapter.device.send('telemetry');
    expect(await adapter.device.send('event?empty&hono-ttd=0', empty)).toBe('2.04');
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'client-closed']);
  });

  test('close_notify of the last association ends the lease of a device that declared no interval', async () => {
    const adapter = await givenAConnectedDevice();
    const second = givenADevice(adapter.port);
    await second.connect();
    await adapter.device.send('telemetry');
    await second.send('telemetry');
    second.dtls.close();
    await settled();
    expect(causes(adapter)).toEqual(['connected']);
    adapter.device.dtls.close();
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'client-closed']);
  });

  test('close_notify ends the lease though an older association, left behind in a crash, is open', async () => {
    const adapter = await givenAConnectedDevice();
    await adapter.device.send('telemetry');
    adapter.device.dtls.vanish();
    const restarted = givenADevice(adapter.port);
    await restarted.connect();
    await restarted.send('telemetry');
    restarted.dtls.close();
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'client-closed']);
  });

  test('close_notify does not end the lease of a device with a declared interval', async () => {
    const adapter = await givenAConnectedDevice({}, { tenant: { presenceIntervalSeconds: 60 } });
    await adapter.device.send('telemetry');
    adapter.device.dtls.close();
    await settled();
    expect(causes(adapter)).toEqual(['connected']);
    await adapter.clock.advanceAsync(minute);
    expect(causes(adapter)).toEqual(['connected', 'inactive']);
  });

  test('a device that sends a request and closes at once is reported as connected, then as gone', async () => {
    const adapter = await givenAConnectedDevice();
    const release = adapter.registry.hold();
    void adapter.device.coap
      .request({
        path: ['telemetry'],
        payload: Buffer.from('x'),
        confirmable: false,
      })
      .catch(() => {});
    adapter.device.dtls.close();
    await settled();
    release();
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'client-closed']);
  });

  test('a device that comes from another address goes on with its association and its lease', async () => {
    const adapter = await givenAConnectedDevice({}, {}, { connectionId: Buffer.alloc(0) });
    await adapter.device.send('telemetry');
    await adapter.device.rebind();
    expect(await adapter.device.send('telemetry')).toBe('2.04');
    expect(causes(adapter)).toEqual(['connected']);
  });

  test('a lease goes on after a restart, under the same connection id and without an event', async () => {
    const journal = createMemoryJournal();
    const before = await givenAConnectedDevice({}, { journal });
    await before.device.send('telemetry');
    await before.running.stop({ graceMs: 0 });
    const after = await givenAConnectedDevice({}, { journal });
    await after.device.send('telemetry');
    await after.device.send('event?empty&hono-ttd=0', empty);
    const [ended] = await after.events(1);
    expect(ended).toMatchObject({
      reason: 'client-closed',
      connectionId: before.sink.events[0]?.connectionId,
    });
  });

  test('a device that is disabled loses its lease and its association, and cannot connect again', async () => {
    const adapter = await givenAConnectedDevice();
    await adapter.device.send('telemetry');
    adapter.registry.disable('acme', 'thermostat-7');
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'access-revoked']);
    while (adapter.device.dtls.isOpen) await settled();
    const again = givenADevice(adapter.port);
    expect(await again.connect()).toBe(false);
  });
});

describe('probing', () => {
  const probed: TestSetting = { tenant: { presenceIntervalSeconds: 600, presenceProbe: true } };

  test('a device that answers its probes stays present', async () => {
    const adapter = await givenAConnectedDevice({}, probed);
    await adapter.device.send('telemetry');
    // Five intervals, one probe each.
    for (let interval = 0; interval < 5; interval++) {
      await adapter.clock.advanceAsync(508_000);
      await untilHeard(adapter);
    }
    expect(causes(adapter)).toEqual(['connected']);
  });

  test('a device that does not answer its probe is reported as probe-failed when its lease runs out', async () => {
    const adapter = await givenAConnectedDevice({}, probed);
    await adapter.device.send('telemetry');
    adapter.device.coap.answerPings(false);
    await adapter.clock.advanceAsync(599_000);
    expect(causes(adapter)).toEqual(['connected']);
    await adapter.clock.advanceAsync(10_000);
    const [, ended] = await adapter.events(2);
    expect(ended).toMatchObject({ reason: 'probe-failed', initiator: 'adapter', clean: false });
    expect((ended as { readonly uncertaintyMs: number }).uncertaintyMs).toBeGreaterThanOrEqual(600_000);
  });

  test('a device that is heard during its probe is probed again before its next lease runs out', async () => {
    const often: TestSetting = { tenant: { presenceIntervalSeconds: 10, presenceProbe: true } };
    const adapter = await givenAConnectedDevice({}, often);
    await adapter.device.send('telemetry');
    adapter.device.coap.answerPings(false);
    for (let interval = 0; interval < 3; interval++) {
      // It is asked after 7.5 s; what is sent again of that goes on for a minute.
      await adapter.clock.advanceAsync(8_000);
      await adapter.device.send('telemetry');
    }
    await adapter.clock.advanceAsync(7_000);
    adapter.device.coap.answerPings(true);
    await adapter.clock.advanceAsync(600);
    await untilHeard(adapter);
    await adapter.clock.advanceAsync(6_000);
    await untilHeard(adapter);
    expect(causes(adapter)).toEqual(['connected']);
  });

  test('a device without an association is not probed, and is reported as inactive', async () => {
    const adapter = await givenAConnectedDevice({}, probed);
    await adapter.device.send('telemetry');
    adapter.device.dtls.close();
    await settled();
    await adapter.clock.advanceAsync(600_000);
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'inactive']);
  });

  test('a device is not probed unless the registry or the configuration says so', async () => {
    const adapter = await givenAConnectedDevice();
    await adapter.device.send('telemetry');
    await adapter.clock.advanceAsync(10 * minute);
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'inactive']);
  });

  /** The answer to a probe travels over a real socket. */
  async function untilHeard({ sink }: AdapterInTest): Promise<void> {
    for (let turns = 0; turns < 20; turns++) await settled();
    expect(sink.events).toHaveLength(1);
  }
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
    expect(refused).toHaveLength(1);
    expect(JSON.stringify(adapter.logged)).not.toContain('guess-me');
    expect(adapter.sink.events).toEqual([]);
  });
});

describe('the port without DTLS', () => {
  async function givenAPlainDevice(authenticationRequired: boolean) {
    const adapter = await givenAnAdapter({ plain: { host: '127.0.0.1', port: 0 }, authenticationRequired });
    const port = adapter.running.listening[1]?.port ?? 0;
    const device = createPlainDevice(port);
    plainDevices.push(device);
    return { ...adapter, send: device.send };
  }

  test('the port without DTLS takes uploads that name a device, and publishes no event about it', async () => {
    const { send, sender, sink } = await givenAPlainDevice(false);
    const put = { code: coapCode.put };
    expect(await send('event/acme/valve-1', put)).toBe('2.04');
    expect(await send('event')).toBe('4.01');
    expect(await send('event//valve-1', put)).toBe('4.00');
    expect(await send('event/acme/nobody', put)).toBe('4.04');
    expect(sender.messages).toHaveLength(1);
    await settled();
    expect(sink.events).toEqual([]);
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
