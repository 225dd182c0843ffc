import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createPendingSockets } from './pending-sockets.ts';

class SocketDouble extends EventEmitter {
  destroyed = false;
  readonly remoteAddress: string | undefined;

  constructor(remoteAddress?: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function givenPlaces(max: number) {
  const turnedAway: [cause: string, remoteIp: string][] = [];
  const pending = createPendingSockets({
    max,
    turnedAway: (cause, remoteIp) => void turnedAway.push([cause, remoteIp]),
  });
  function arrive(remoteAddress?: string) {
    const socket = new SocketDouble(remoteAddress);
    return { socket, place: pending.take(socket as unknown as Socket) };
  }
  return { pending, turnedAway, arrive };
}

test('a socket whose peer is gone already gets no place and is destroyed', () => {
  const { arrive, turnedAway } = givenPlaces(2);
  const { socket, place } = arrive();
  expect(place).toBeUndefined();
  expect(socket.destroyed).toBe(true);
  expect(turnedAway).toEqual([]);
});

test('where all places are taken, the address with most of them loses its oldest to a newcomer from elsewhere', () => {
  const { arrive, turnedAway } = givenPlaces(3);
  const crowd = ['192.0.2.1', '192.0.2.1', '192.0.2.1'].map((address) => arrive(address));
  const { place } = arrive('198.51.100.1');
  expect(place).toBeDefined();
  expect(crowd.map(({ socket }) => socket.destroyed)).toEqual([true, false, false]);
  expect(turnedAway).toEqual([['pending', '192.0.2.1']]);
});

test('a socket that is accepted, or that closes, gives its place back', () => {
  const { arrive, turnedAway } = givenPlaces(2);
  arrive('192.0.2.1').place?.accepted();
  arrive('192.0.2.1').socket.destroy();
  const later = [arrive('192.0.2.1'), arrive('192.0.2.2')];
  expect(later.map(({ socket }) => socket.destroyed)).toEqual([false, false]);
  expect(turnedAway).toEqual([]);
});

test('destroyAll destroys every socket that was not accepted, and no other', () => {
  const { pending, arrive } = givenPlaces(10);
  const waiting = [arrive('192.0.2.1'), arrive('192.0.2.2')];
  const accepted = arrive('192.0.2.3');
  accepted.place?.accepted();
  pending.destroyAll();
  expect(waiting.map(({ socket }) => socket.destroyed)).toEqual([true, true]);
  expect(accepted.socket.destroyed).toBe(false);
});
