import { duplexPair } from 'node:stream';
import type { AdapterHost } from '@rollcall/adapter-kit';
import { startForTest } from '@rollcall/adapter-process/testing';
import { ManualClock, settled } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import type { CreateDirectory } from '@rollcall/core/directory';
import { expect, test } from 'vitest';
import { serveDevice } from './device-connection.ts';
import { hears, says, speaksFirst } from './testing/says.ts';
import { options } from './testing/options.ts';

const upload = says.event('text/plain', '1');

/** A device on a line without buffers: an answer is on its way once the device read the one before. */
async function givenADevice(setting: Parameters<typeof startForTest>[1] = {}) {
  const [ours, theirs] = duplexPair({ highWaterMark: 1 });
  let host: AdapterHost | undefined;
  const adapter = await startForTest(
    {
      type: 'rollcall-template',
      async start(given) {
        host = given;
        return {
          listening: [{ scheme: 'template', host: '127.0.0.1', port: 1 }],
          stopAccepting: async () => {},
          close: async () => void ours.destroy(),
        };
      },
    },
    setting,
  );
  if (!host) throw new Error('not started');
  void serveDevice({ socket: ours, place: { stand() {}, accepted() {} } }, host, options);
  if (speaksFirst) while (theirs.read() === null) await settled();
  theirs.write(says.login());
  await adapter.events(1);
  return {
    ...adapter,
    uplink: host.uplink,
    ours,
    theirs,
  };
}

test('a device that does not read its answers is not read either, and goes for its silence', async () => {
  const { theirs, ours, sender, clock, events, running } = await givenADevice();
  theirs.write(Buffer.concat([upload, upload]));
  await settled();
  expect(sender.messages).toHaveLength(0);
  expect(theirs.read()).toEqual(hears.welcome);
  await settled();
  await settled();
  expect(sender.messages).toHaveLength(1);

  await clock.advanceAsync(options.idleLimitMs);
  expect((await events(2))[1]).toMatchObject({ reason: 'keepalive-timeout' });
  expect(ours.destroyed).toBe(false);
  await clock.advanceAsync(1_000);
  expect(ours.destroyed).toBe(true);
  await running.stop({ graceMs: 0 });
  expect(clock.armed).toBe(0);
});

test('one that has closed its side, too, goes after a second: it is told, and has no idle limit', async () => {
  const { theirs, ours, clock, events, running } = await givenADevice();
  theirs.end();
  expect((await events(2))[1]).toMatchObject({ reason: 'connection-lost' });
  await clock.advanceAsync(999);
  expect(ours.destroyed).toBe(false);
  await clock.advanceAsync(1);
  expect(ours.destroyed).toBe(true);
  await running.stop({ graceMs: 0 });
  expect(clock.armed).toBe(0);
});

test('a device that sends many requests at once lets others have their turn between them', async () => {
  const { theirs, sender, running } = await givenADevice();
  theirs.resume();
  theirs.write(Buffer.concat(Array.from({ length: 100 }, () => upload)));
  await settled();
  expect(sender.messages.length).toBeLessThan(10);
  while (sender.messages.length < 100) await settled();
  await running.stop({ graceMs: 0 });
});

test('a bug costs the device that meets it its connection', async () => {
  const { theirs, events, logged, ours, clock, uplink, running } = await givenADevice();
  theirs.resume();
  uplink.upload = async () => {
    throw new Error('a bug');
  };
  theirs.write(upload);
  expect((await events(2))[1]).toMatchObject({ reason: 'unspecified' });
  expect(logged.filter(({ level }) => level === 'error')).toMatchObject([
    { facts: { where: 'template: request' } },
  ]);
  await clock.advanceAsync(1_000);
  expect(ours.destroyed).toBe(true);
  await running.stop({ graceMs: 0 });
});

test('a device whose access ends before its login is answered hears that it was let in, as it is told, and then so', async () => {
  const clock = new ManualClock();
  const fleet = new MemoryFleet(clock);
  // It takes all that it is told, and never answers.
  const directory: CreateDirectory = async (context) => {
    const slow = await fleet.create(context);
    const enter = slow.enter.bind(slow);
    slow.enter = (entry) => enter(entry).then(() => new Promise(() => {}));
    return slow;
  };
  const { theirs, registry, events, running } = await givenADevice({
    clock,
    directory,
    settings: { adapterId: 'a' },
  });
  let heard = Buffer.alloc(0);
  theirs.on('data', (bytes: Buffer) => (heard = Buffer.concat([heard, bytes])));
  registry.disable('acme');
  expect((await events(2))[1]).toMatchObject({ reason: 'access-revoked' });
  await settled();
  expect(heard).toHaveLength(0);
  await clock.advanceAsync(50);
  await expect.poll(() => heard.length).toBeGreaterThan(hears.welcome.length);
  expect(heard.subarray(0, hears.welcome.length)).toEqual(hears.welcome);
  await running.stop({ graceMs: 0 });
});
