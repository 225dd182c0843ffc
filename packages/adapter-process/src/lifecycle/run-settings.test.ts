import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { loadConfig } from '../config/load-config.ts';
import { defaultAdapterId } from './default-adapter-id.ts';
import { runSettings } from './run-settings.ts';

function settingsOf(env: Readonly<Record<string, string>>) {
  const { kit } = loadConfig({}, { ROLLCALL_REGISTRY_FILE: 'registry.yaml', ...env });
  return runSettings(kit, { adapterId: 'mqtt-0', maxConnections: 10 });
}

test('each option of the kit reaches the setting it is for', () => {
  const settings = settingsOf({
    ROLLCALL_ADAPTER_REMOTEADDRESS: 'false',
    ROLLCALL_ADAPTER_MAXAUTHENTICATING: '1',
    ROLLCALL_ADAPTER_MAXWAITING: '2',
    ROLLCALL_ADAPTER_MAXWAIT: '3',
    ROLLCALL_ADAPTER_MAXSESSIONSPERDEVICE: '4',
    ROLLCALL_ADAPTER_LOGINFAILUREDELAY: '5',
    ROLLCALL_ADAPTER_MAXMESSAGERATE: '6',
    ROLLCALL_ADAPTER_DRAINRATE: '7',
    ROLLCALL_JOURNAL_COMMITWAIT: '8',
    ROLLCALL_CONNECTIONEVENTS_ANNOUNCEINTERVAL: '9',
    ROLLCALL_OUTBOX_MAXEVENTS: '101',
    ROLLCALL_OUTBOX_MAXBYTES: '100001',
    ROLLCALL_OUTBOX_MAXMEMORY: '100002',
  });
  expect(settings).toMatchObject({
    adapterId: 'mqtt-0',
    maxConnections: 10,
    exposeRemoteAddress: false,
    admission: { maxRunning: 1, maxWaiting: 2, maxWaitMs: 3 },
    maxSessionsPerDevice: 4,
    logins: { failureAnswerMs: 5 },
    maxMessagesPerSecond: 6,
    drainPerSecond: 7,
    commitWaitMs: 8,
    announceIntervalMs: 9,
    outbox: { maxEvents: 101, maxBytes: 100_001, maxMemoryBytes: 100_002 },
  });
});

test('addresses are shared where the operator says so, and nowhere else', () => {
  const { logins } = settingsOf({ ROLLCALL_ADAPTER_SHAREDADDRESSES: '10.0.0.0/8' });
  expect(['10.1.2.3', '192.0.2.1'].map((address) => logins?.isShared(address))).toEqual([true, false]);
  expect(settingsOf({}).logins?.isShared('10.1.2.3')).toBe(false);
});

test('without a limit of memory, waiting events get a part of the heap', () => {
  expect(settingsOf({}).outbox.maxMemoryBytes).toBeGreaterThan(1_000_000);
});

test('an adapter that was given no id has the name of the host and its type', () => {
  expect(defaultAdapterId({ type: 'hono-mqtt' })).toBe(`${hostname()}-hono-mqtt`);
});
