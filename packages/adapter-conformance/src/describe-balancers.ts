import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { proxyV1, proxyV2 } from '@rollcall/conformance/hostile';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAddressRanges } from '@rollcall/options/internal';
import type { ListenAddress, ProtocolAdapter } from '@rollcall/adapter-kit';
import type { Listeners } from '@rollcall/adapter-kit/listening';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';

export interface BalancersHarness {
  /** Listens where it is told to; without TLS only, where the protocol has none. */
  createAdapter(listeners: Listeners): ProtocolAdapter;
  /** What a device says to log in, from its first byte. */
  hello(login: { readonly username: string; readonly password: string }): Uint8Array;
  readonly cannot?: readonly 'tls'[];
}

const login = { username: 'thermostat-7@acme', password: scriptedPassword };
const peer = { address: '203.0.113.7', port: 50_122 };
const peer6 = { address: '2001:db8::7', port: 50_122 };
const listener = { host: '127.0.0.1', port: 0 };

const headers = [
  ['version 1, IPv4', proxyV1(peer), '203.0.113.7:50122'],
  ['version 1, IPv6', proxyV1(peer6), '[2001:db8::7]:50122'],
  ['version 2, IPv4', proxyV2({ peer }), '203.0.113.7:50122'],
  ['version 2, IPv6', proxyV2({ peer: peer6, more: Buffer.alloc(500) }), '[2001:db8::7]:50122'],
] as const;

/** Every adapter that listens on TCP must pass: connections through balancers are those of the devices behind them. */
export function describeBalancers(name: string, { createAdapter, hello, cannot }: BalancersHarness): void {
  const schemes = cannot?.includes('tls') ? (['plain'] as const) : (['plain', 'tls'] as const);

  async function given(balancers: string): Promise<AdapterInTest> {
    const tls = schemes.length > 1 ? { tls: { ...listener, ...localhostCertificate() } } : {};
    const adapter = await startForTest(
      createAdapter({ plain: listener, ...tls, balancers: parseAddressRanges([balancers]) }),
      { settings: { health: listener } },
    );
    onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
    return adapter;
  }

  describe(`${name} behind balancers`, () => {
    describe.each(schemes)('%s', (scheme) => {
      test.each(headers)('%s: the device has its own address', async (_what, header, address) => {
        const adapter = await given('127.0.0.0/8');
        const socket = await open(adapter, header, scheme);
        socket.write(hello(login));
        const [connected] = await adapter.events(1);
        expect(connected).toMatchObject({ type: 'connected', remoteAddress: address });
      });

      test('a balancer that sends no header is hung up on', async () => {
        const adapter = await given('127.0.0.1');
        const socket = await open(adapter, Buffer.alloc(0), scheme);
        socket.write(hello(login));
        await expect.poll(() => socket.closed).toBe(true);
        expect(adapter.sink.events).toEqual([]);
      });

      test('a device that comes by itself is served as ever', async () => {
        const adapter = await given('192.0.2.0/24');
        const socket = await open(adapter, Buffer.alloc(0), scheme);
        socket.write(hello(login));
        const [connected] = await adapter.events(1);
        expect(connected?.remoteAddress).toMatch(/^127\.0\.0\.1:/);
      });

      test.each(headers)('%s from anybody else is no greeting', async (_what, header) => {
        const adapter = await given('192.0.2.0/24');
        const socket = await open(adapter, header, scheme);
        socket.write(hello(login));
        await expect.poll(() => socket.closed).toBe(true);
        expect(adapter.sink.events).toEqual([]);
        const metrics = await fetch(`http://127.0.0.1:${adapter.running.healthPort}/metrics`);
        expect(await metrics.text()).toMatch(
          /rollcall_proxy_headers_refused_total\{cause="untrusted"[^}]*\} 1\n/,
        );
      });
    });

    test('what a device may try is counted for its address, not for that of the balancer', async () => {
      const adapter = await given('127.0.0.1');
      const guesser = await open(adapter, proxyV1(peer));
      guesser.write(hello({ ...login, password: 'guess-me' }));
      const refused = () => adapter.logged.filter(({ message }) => message === 'device refused');
      await expect.poll(refused).toHaveLength(1);
      expect(refused()[0]?.facts).toMatchObject({ remoteIp: '203.0.113.7' });
    });

    test('an adapter that stops also closes connections with half a header', async () => {
      const adapter = await given('127.0.0.1');
      const socket = await open(adapter, Buffer.from('PROXY TCP4 203.0.113.7'));
      await expect.poll(() => adapter.clock.armed).toBeGreaterThan(0);
      await adapter.running.stop({ graceMs: 0 });
      await expect.poll(() => socket.closed).toBe(true);
      expect(adapter.clock.armed).toBe(0);
    });
  });
}

/** A connection that says `first`, and goes on with TLS where that is asked for. */
async function open(
  { running }: AdapterInTest,
  first: Uint8Array,
  scheme: 'plain' | 'tls' = 'plain',
): Promise<Socket> {
  const { port } = running.listening[scheme === 'tls' ? 1 : 0] as ListenAddress;
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(first);
  if (scheme === 'plain') return socket.resume();
  const { cert } = localhostCertificate();
  const secure = connectTls({ socket, ca: cert, servername: 'localhost' });
  secure.on('error', () => {});
  return secure.resume();
}
