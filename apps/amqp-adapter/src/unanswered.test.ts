import { connect as connectSocket } from 'node:net';
import { ManualClock, settled } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import { scriptedPassword, scriptedPasswords } from '@rollcall/conformance/registry';
import type { CreateDirectory } from '@rollcall/core/directory';
import type { PasswordVerifier } from '@rollcall/core/registry';
import { expect, onTestFinished, test } from 'vitest';
import { connectClient, givenAnAdapter, options } from './testing/amqp-bed.ts';
import {
  amqpHeader,
  openFrame,
  rawClient,
  saslHeader,
  saslInit,
  type RawClient,
} from './testing/raw-client.ts';

// A device that waits for an answer gets one, whatever comes between: never a closed socket alone.

const desired = 'sole-connection-for-container';
const opened = 0x10;
const closed = 0x18;
const saslMechanisms = 0x40;
const saslOutcome = 0x44;

/** Descriptors of the frames that came, up to this one, or to the end of the connection. */
async function heard(client: RawClient, last?: number): Promise<readonly number[]> {
  const frames: number[] = [];
  for (;;) {
    const unit = await client.hear();
    if (!unit) return frames;
    if (unit.length > 10) frames.push(unit[10] ?? 0);
    if (last !== undefined && frames.at(-1) === last) return frames;
  }
}

test('a device that loses its place before it was answered is opened, and told why', async () => {
  const clock = new ManualClock();
  const fleet = new MemoryFleet(clock);
  const slow: CreateDirectory = async (context) => {
    const directory = await fleet.create(context);
    const { enter } = directory;
    directory.enter = (entry) => enter.call(directory, entry).then(() => new Promise(() => {}));
    return directory;
  };
  const a = await givenAnAdapter({}, { clock, directory: slow, settings: { adapterId: 'a' } });
  const b = await givenAnAdapter(
    {},
    { clock, directory: fleet.create, seed: 2, settings: { adapterId: 'b' } },
  );
  const older = connectClient(a.address.port, { desired });
  await a.events(1);
  expect(await connectClient(b.address.port, { desired }).opened).toBe(true);
  expect(await older.opened).toBe(true);
  await older.over;
  expect(older.condition()).toBe('amqp:resource-locked');
});

const login = [
  saslHeader,
  saslInit('PLAIN', `\0thermostat-7@acme\0${scriptedPassword}`),
  amqpHeader,
  openFrame('unit-1'),
] as const;

function dial(port: number, allowHalfOpen = false): RawClient {
  const client = rawClient(connectSocket({ port, host: '127.0.0.1', allowHalfOpen }));
  onTestFinished(() => void client.socket.destroy());
  return client;
}

test('a device whose login takes us longer than it may take itself is answered', async () => {
  const clock = new ManualClock();
  const passwords = scriptedPasswords(clock);
  let letIn = (): void => {};
  const wait = new Promise<void>((resolve) => (letIn = resolve));
  const { verify } = passwords;
  const asked: number[] = [];
  const slow: PasswordVerifier = Object.assign(passwords, {
    async verify(...parameters: Parameters<PasswordVerifier['verify']>) {
      asked.push(clock.monotonic());
      await wait;
      return verify.apply(passwords, parameters);
    },
  });
  const { address } = await givenAnAdapter({}, { clock, passwords: slow });
  const device = dial(address.port);
  device.say(...login);
  while (asked.length === 0) await settled();
  await clock.advanceAsync(options.openTimeoutMs + 1);
  await settled();
  letIn();
  expect(await heard(device, opened)).toEqual([saslMechanisms, saslOutcome, opened]);
});

test('a device that logs in, and does not open in time, is told why', async () => {
  const { address, clock } = await givenAnAdapter();
  const device = dial(address.port);
  device.say(saslHeader, login[1]);
  await heard(device, saslOutcome);
  device.say(amqpHeader);
  expect(await device.hear()).toEqual(amqpHeader);
  await clock.advanceAsync(options.openTimeoutMs);
  expect(await heard(device)).toEqual([opened, closed]);
});

test('a device that closes its side while it waits is told as connected, and was opened', async () => {
  const clock = new ManualClock();
  const fleet = new MemoryFleet(clock);
  const entered = Promise.withResolvers<void>();
  const slow: CreateDirectory = async (context) => {
    const directory = await fleet.create(context);
    const { enter } = directory;
    directory.enter = async (entry) => {
      const standing = await enter.call(directory, entry);
      await entered.promise;
      return standing;
    };
    return directory;
  };
  const adapter = await givenAnAdapter({}, { clock, directory: slow });
  const device = dial(adapter.address.port, true);
  device.say(...login);
  await adapter.events(1);
  expect(await heard(device, saslOutcome)).toEqual([saslMechanisms, saslOutcome]);
  device.socket.end();
  while (!device.socket.writableFinished) await settled();
  await settled();
  entered.resolve();
  expect(await heard(device)).toEqual([opened]);
  expect(await adapter.events(2)).toMatchObject([{ type: 'connected' }, { reason: 'connection-lost' }]);
});
