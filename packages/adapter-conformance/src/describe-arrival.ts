import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { settled, arrived } from '@rollcall/conformance';
import type { ConnectionEvent, DisconnectedEvent, UploadOutcome } from '@rollcall/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMemoryJournal } from '@rollcall/outbox';
import type { ListenAddress } from '@rollcall/adapter-kit';
import type { AdapterInTest, TestSetting } from '@rollcall/adapter-process/testing';

/** What `thermostat-7@acme` says on a network connection, in bytes. It waits for no answer. */
export interface DeviceBytes {
  /** All up to where it may upload; with `heard` the device has heard that it may. */
  readonly login: Uint8Array;
  heard(answer: Uint8Array): boolean;
  /** @param number from 0, counted within the connection. */
  upload(number: number): Uint8Array;
  /** Something else that it may say at any time, and that says nothing but that it is there. */
  readonly sign: Uint8Array;
  readonly goodbye: Uint8Array;
  /** What ends the connection as `protocol-error`; absent where a device is present without one. */
  readonly broken?: Uint8Array;
  /** Login, as many uploads as may follow at once, and goodbye. */
  readonly atOnce: { readonly bytes: Uint8Array; readonly uploads: number };
}

export interface ArrivalHarness {
  readonly bytes: DeviceBytes;
  readonly silenceMs: number;
  withAdapter(use: (adapter: AdapterInTest) => Promise<void>, setting?: TestSetting): Promise<void>;
}

const partings = ['stays', 'closes its side', 'resets the connection'] as const;
type Parting = (typeof partings)[number];

/** What arrived is processed before a socket's end is believed, and counts from when it arrived. */
export function describeArrival({ bytes, silenceMs, withAdapter }: ArrivalHarness): void {
  async function loggedIn(adapter: AdapterInTest): Promise<Socket> {
    const socket = await open(adapter.address);
    let heard = Buffer.alloc(0);
    socket.write(bytes.login);
    while (!bytes.heard(heard)) heard = Buffer.concat([heard, ...((await once(socket, 'data')) as [Buffer])]);
    await adapter.events(1);
    return socket;
  }

  async function say(socket: Socket, what: Uint8Array): Promise<void> {
    socket.write(what);
    await arrived(socket);
  }

  describe('what arrives while an upload takes its time', () => {
    test('is a sign of life when it arrives, and not when its turn comes', () =>
      withAdapter(async ({ ...adapter }) => {
        const { clock, registry } = adapter;
        const socket = await loggedIn(adapter);
        const release = holdUploads(adapter);
        await clock.advanceAsync(1_000);
        const before = adapter.sender.messages.length;
        await say(socket, bytes.upload(0));
        await sent(adapter, before + 1);
        for (const [afterMs, what] of [
          [3_000, bytes.upload(1)],
          [2_000, bytes.sign],
        ] as const) {
          await clock.advanceAsync(afterMs);
          await say(socket, what);
        }
        await clock.advanceAsync(9_000);
        release();
        await sent(adapter, before + 2);
        await settled();
        registry.disable('acme', 'thermostat-7');
        const [first, second] = await adapter.events(2);
        expect(sinceConnected(first, second)).toEqual({ lastSeen: 6_000, at: 15_000 });
      }));

    test('keeps a session for as long as silence may last, and not longer', () =>
      withAdapter(async (adapter) => {
        const { clock, sink } = adapter;
        const socket = await loggedIn(adapter);
        // A lease does not run out while a request is under way.
        if (sink.events[0]?.basis.kind === 'lease') return;
        holdUploads(adapter);
        await say(socket, bytes.upload(0));
        await sent(adapter, 1);
        await clock.advanceAsync(silenceMs - 1);
        await say(socket, bytes.sign);
        await clock.advanceAsync(silenceMs - 1);
        expect(sink.events).toHaveLength(1);
        await clock.advanceAsync(1);
        const [first, second] = await adapter.events(2);
        expect(second).toMatchObject({ reason: 'keepalive-timeout', uncertaintyMs: silenceMs });
        expect(sinceConnected(first, second)).toEqual({ lastSeen: silenceMs - 1, at: 2 * silenceMs - 1 });
      }));

    test.each(partings)(
      'a goodbye is one, from when it arrives, and so is each upload before: %s',
      (parting) =>
        withAdapter(async (adapter) => {
          const { clock, sender } = adapter;
          const socket = await loggedIn(adapter);
          const release = holdUploads(adapter);
          const before = sender.messages.length;
          await say(socket, bytes.upload(0));
          await sent(adapter, before + 1);
          await clock.advanceAsync(2_000);
          await say(socket, bytes.upload(1));
          await say(socket, bytes.goodbye);
          part(socket, parting);
          const [first, second] = await adapter.events(2);
          await clock.advanceAsync(5_000);
          expect(second).toMatchObject({ reason: 'client-closed', clean: true, uncertaintyMs: 0 });
          expect(sinceConnected(first, second)).toEqual({ lastSeen: 2_000, at: 2_000 });
          release();
          await sent(adapter, before + 2);
        }),
    );

    test.each(partings)('a goodbye counts that nobody has read yet when its sender %s', (parting) =>
      withAdapter(async (adapter) => {
        const socket = await loggedIn(adapter);
        const release = holdUploads(adapter);
        const before = adapter.sender.messages.length;
        await say(socket, bytes.upload(0));
        await sent(adapter, before + 1);
        socket.write(bytes.goodbye, () => part(socket, parting));
        // The answer meets a peer that is gone.
        release();
        expect((await adapter.events(2))[1]).toMatchObject({ reason: 'client-closed', uncertaintyMs: 0 });
      }),
    );

    test('what breaks the protocol does so from when it arrives', () =>
      withAdapter(async (adapter) => {
        if (!bytes.broken) return;
        const { clock, sender } = adapter;
        const socket = await loggedIn(adapter);
        const release = holdUploads(adapter);
        const before = sender.messages.length;
        await say(socket, bytes.upload(0));
        await sent(adapter, before + 1);
        await clock.advanceAsync(2_000);
        await say(socket, bytes.broken);
        await settled();
        await clock.advanceAsync(5_000);
        release();
        const [first, second] = await adapter.events(2);
        expect(second).toMatchObject({ reason: 'protocol-error', uncertaintyMs: 0 });
        expect(sinceConnected(first, second)).toEqual({ lastSeen: 2_000, at: 2_000 });
      }));

    test('a device that closed its side is lost from then on, and not silent', () =>
      withAdapter(async (adapter) => {
        const { clock, sink } = adapter;
        const socket = await loggedIn(adapter);
        if (sink.events[0]?.basis.kind === 'lease') return;
        const release = holdUploads(adapter);
        const before = adapter.sender.messages.length;
        await say(socket, bytes.upload(0));
        await sent(adapter, before + 1);
        await say(socket, bytes.upload(1));
        await clock.advanceAsync(2_000);
        socket.end();
        const [first, second] = await adapter.events(2);
        expect(second).toMatchObject({ reason: 'connection-lost', uncertaintyMs: 2_000 });
        expect(sinceConnected(first, second).at).toBe(2_000);
        // What it said before is carried out still.
        release();
        await sent(adapter, before + 2);
      }));

    test('a device that closed its side is served to the end', () =>
      withAdapter(async (adapter) => {
        const socket = await loggedIn(adapter);
        const release = holdUploads(adapter);
        const before = adapter.sender.messages.length;
        await say(socket, bytes.upload(0));
        await sent(adapter, before + 1);
        const closed = once(socket, 'close');
        socket.end();
        await settled();
        await settled();
        const heard = socket.bytesRead;
        release();
        await closed;
        expect(socket.bytesRead).toBeGreaterThan(heard);
      }));
  });

  test('a device that waits for the answer to its login is silent for our sake', async () => {
    const { journal, begun, commit } = slowJournal();
    await withAdapter(
      async (adapter) => {
        const { clock, sink } = adapter;
        const socket = await open(adapter.address);
        let answer = Buffer.alloc(0);
        socket.on('data', (heard: Buffer) => (answer = Buffer.concat([answer, heard])));
        socket.write(bytes.login);
        await begun;
        await clock.advanceAsync(silenceMs);
        commit();
        await expect.poll(() => bytes.heard(answer)).toBe(true);
        await adapter.events(1);
        if (sink.events[0]?.basis.kind === 'lease') return;
        await clock.advanceAsync(silenceMs - 1);
        expect(sink.events).toHaveLength(1);
        await clock.advanceAsync(1);
        const [first, second] = await adapter.events(2);
        expect(second).toMatchObject({ reason: 'keepalive-timeout' });
        expect(sinceConnected(first, second).at).toBe(2 * silenceMs);
      },
      { journal, settings: { commitWaitMs: 2 * silenceMs } },
    );
  });

  describe('a device that says all it has to at once', () => {
    test.each(partings)('was connected, and left by itself: %s', (parting) =>
      withAdapter(async (adapter) => {
        const release = adapter.registry.hold();
        const socket = await open(adapter.address);
        await say(socket, bytes.atOnce.bytes);
        part(socket, parting);
        await settled();
        release();
        const [first, second] = await adapter.events(2);
        expect(first).toMatchObject({ type: 'connected' });
        expect(second).toMatchObject({ reason: 'client-closed', clean: true });
        await sent(adapter, bytes.atOnce.uploads);
      }),
    );

    test.each(partings)('and when it left, also while the journal takes its time: %s', async (parting) => {
      const { journal, begun, commit } = slowJournal();
      await withAdapter(
        async (adapter) => {
          const socket = await open(adapter.address);
          await say(socket, bytes.login);
          await begun;
          await adapter.clock.advanceAsync(20);
          await say(socket, bytes.goodbye);
          part(socket, parting);
          await settled();
          await adapter.clock.advanceAsync(25);
          commit();
          const [first, second] = await adapter.events(2);
          expect(second).toMatchObject({ reason: 'client-closed', uncertaintyMs: 0 });
          expect(sinceConnected(first, second)).toEqual({ lastSeen: 20, at: 20 });
        },
        { journal },
      );
    });
  });
}

async function open({ port, host }: ListenAddress): Promise<Socket> {
  const socket = connect({
    port,
    host,
    allowHalfOpen: true,
    // Else what is written may wait for an acknowledgement, and a reset would drop it.
    noDelay: true,
  });
  socket.on('error', () => {}).resume();
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

function part(socket: Socket, parting: Parting): void {
  if (parting === 'closes its side') socket.end();
  if (parting === 'resets the connection') socket.resetAndDestroy();
}

/** Keeps the first event once the result says so. */
function slowJournal() {
  const journal = createMemoryJournal();
  const append = journal.append.bind(journal);
  const begun = Promise.withResolvers<void>();
  const committed = Promise.withResolvers<void>();
  journal.append = (...given) => {
    begun.resolve();
    return { ...append(...given), committed: committed.promise };
  };
  return { journal, begun: begun.promise, commit: committed.resolve };
}

/** Uploads are accepted once the result is called. */
function holdUploads({ sender }: AdapterInTest): () => void {
  const { promise, resolve } = Promise.withResolvers<UploadOutcome>();
  sender.outcome = () => promise;
  onTestFinished(() => resolve({ status: 'accepted' }));
  return () => resolve({ status: 'accepted' });
}

async function sent({ sender }: AdapterInTest, count: number): Promise<void> {
  await expect.poll(() => sender.messages.length).toBeGreaterThanOrEqual(count);
}

function sinceConnected(first: ConnectionEvent | undefined, second: ConnectionEvent | undefined) {
  const { at, lastSeen, connectedAt } = second as DisconnectedEvent;
  expect(connectedAt).toBe(first?.at);
  return { lastSeen: lastSeen - connectedAt, at: at - connectedAt };
}
