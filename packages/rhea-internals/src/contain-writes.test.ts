import { Socket } from 'node:net';
import { servedPeer } from '@rollcall/containment';
import rhea from 'rhea';
import { expect, test } from 'vitest';
import { containDialled, containWrites } from './contain-writes.ts';
import { internalsOf } from './internals-of.ts';

function givenAConnection(contain: typeof containWrites) {
  const connection = rhea.create_container().create_connection();
  const raw = internalsOf(connection);
  const seen: string[] = [];
  raw._process = () => {
    throw new Error('cannot be written');
  };
  contain(
    connection,
    servedPeer(
      'amqp',
      (_where, error) => seen.push(String(error)),
      () => seen.push('ended'),
    ),
  );
  return { raw, seen };
}

test.each([containWrites, containDialled])(
  '%o ends the connection of a peer when rhea throws while it writes',
  (contain) => {
    const { raw, seen } = givenAConnection(contain);
    expect(() => raw._process()).not.toThrow();
    expect(seen).toEqual(['Error: cannot be written', 'ended']);
  },
);

test('containDialled ends the connection of a peer when a listener of the socket throws', () => {
  const { raw, seen } = givenAConnection(containDialled);
  const socket = new Socket();
  raw.init(socket);
  socket.on('lookup', () => {
    throw new Error('of a listener');
  });
  expect(() => socket.emit('lookup')).not.toThrow();
  expect(seen).toEqual(['Error: of a listener', 'ended']);
});
