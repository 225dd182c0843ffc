import type { Refusal } from '@rollcall/access';
import type { AdapterHost, ProtocolAdapter } from '@rollcall/adapter-kit';
import { scriptedPassword } from '@rollcall/conformance/registry';
import type { OpenConnection } from '@rollcall/presence';
import {
  type Arrival,
  createLeaseBook,
  plainLease,
  type LeaseBook,
  type LeaseSettings,
  type LeaseSignal,
} from '@rollcall/presence/leases';
import { startForTest, type AdapterInTest, type TestSetting } from './start-for-test.ts';

const settings: LeaseSettings = {
  defaultMs: 60_000,
  minLearnedMs: 10_000,
  maxLearnedMs: 86_400_000,
  ttdGraceMs: 5_000,
};

export interface LeasesInTest extends AdapterInTest {
  readonly host: AdapterHost;
  readonly leases: LeaseBook<LeaseSignal>;
  /** A device makes a request, which is answered at once. It has not waited for `committed` yet. */
  request(username?: string, declaredMs?: number): Promise<OpenConnection<LeaseSignal>>;
  /** It says that it leaves. @param arrival absent: now. */
  goodbye(username?: string, arrival?: Arrival): Promise<void>;
}

/** Runs an adapter whose devices hold leases, and whose only device is the test. */
export async function startLeases(
  setting: TestSetting & { readonly endLeasesAtShutdown?: boolean } = {},
): Promise<LeasesInTest> {
  let started: { readonly host: AdapterHost; readonly leases: LeaseBook<LeaseSignal> } | undefined;
  const adapter: ProtocolAdapter = {
    type: 'hono-http',
    presence: 'lease',
    async start(host) {
      started = { host, leases: createLeaseBook(host, plainLease, setting.endLeasesAtShutdown === true) };
      return {
        listening: [{ scheme: 'test', host: '127.0.0.1', port: 1 }],
        stopAccepting: async () => {},
        close: async () => {},
      };
    },
  };
  const inTest = await startForTest(adapter, setting);
  if (!started) throw new Error('not started');
  const { host, leases } = started;
  const logIn = async (username: string) => {
    const password = Buffer.from(scriptedPassword);
    const result = await host.access.authenticate({ username, password, remoteIp: '127.0.0.1' });
    if (result.status !== 'accepted') throw new Error('refused');
    return result.identity;
  };
  const isRefused = (lease: OpenConnection<LeaseSignal> | Refusal): lease is Refusal => 'reason' in lease;
  return {
    ...inTest,
    host,
    leases,
    async request(username = 'thermostat-7@acme', declaredMs) {
      const identity = await logIn(username);
      const lease = leases.obtain(identity, { protocol: 'HTTP/1.1' });
      if (isRefused(lease)) throw new Error(lease.reason);
      const terms = { ...settings, ...(declaredMs !== undefined && { declaredMs }) };
      lease.report({ type: 'request', terms });
      lease.report({ type: 'answered' });
      return lease;
    },
    async goodbye(username = 'thermostat-7@acme', arrival) {
      leases.held(await logIn(username))?.report({ type: 'goodbye', ...arrival });
    },
  };
}
