import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { arrived } from '@rollcall/conformance/machine';
import type { UploadOutcome } from '@rollcall/core/device-data';
import type { ConnectionEvent, DisconnectedEvent } from '@rollcall/core/events';
import { expect, onTestFinished } from 'vitest';
import { createMemoryJournal } from '@rollcall/outbox';
import type { ListenAddress } from '@rollcall/adapter-kit';
import type { AdapterInTest, TestSetting } from '@rollcall/adapter-process/testing';
import type { DeviceBytes } from './device-bytes.ts';

export interface ArrivalHarness {
  readonly bytes: DeviceBytes;
  readonly silenceMs: number;
  withAdapter(use: (adapter: AdapterInTest) => Promise<void>, setting?: TestSetting): Promise<void>;
}

export const partings = ['stays', 'closes its side', 'resets the connection'] as const;
export type Parting = (typeof partings)[number];

/** The partings that tell the adapter that the device is gone. */
export const hangUps = ['closes its side', 'resets the connection'] as const satisfies readonly Parting[];

/** A device that has logged in, and whose session has begun. */
export async function loggedIn({ bytes }: ArrivalHarness, adapter: AdapterInTest): Promise<Socket> {
  const socket = await open(adapter.address);
  let heard = Buffer.alloc(0);
  socket.write(bytes.login);
  while (!bytes.heard(heard)) heard = Buffer.concat([heard, ...((await once(socket, 'data')) as [Buffer])]);
  await adapter.events(1);
  return socket;
}

export async function say(socket: Socket, what: Uint8Array): Promise<void> {
  socket.write(what);
  await arrived(socket);
}

export async function open({ port, host }: ListenAddress): Promise<Socket> {
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

export function part(socket: Socket, parting: Parting): void {
  if (parting === 'closes its side') socket.end();
  if (parting === 'resets the connection') socket.resetAndDestroy();
}

/** Keeps the first event once the result says so. */
export function slowJournal() {
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

export function hasLease(connected: ConnectionEvent | undefined): boolean {
  return connected?.basis.kind === 'lease';
}

/** Uploads are accepted once the result is called. */
export function holdUploads({ sender }: AdapterInTest): () => void {
  const { promise, resolve } = Promise.withResolvers<UploadOutcome>();
  sender.outcome = () => promise;
  onTestFinished(() => resolve({ status: 'accepted' }));
  return () => resolve({ status: 'accepted' });
}

export async function sent({ sender }: AdapterInTest, count: number): Promise<void> {
  await expect.poll(() => sender.messages.length).toBeGreaterThanOrEqual(count);
}

export function sinceConnected(first: ConnectionEvent | undefined, second: ConnectionEvent | undefined) {
  const { at, lastSeen, connectedAt } = second as DisconnectedEvent;
  expect(connectedAt).toBe(first?.at);
  return { lastSeen: lastSeen - connectedAt, at: at - connectedAt };
}
