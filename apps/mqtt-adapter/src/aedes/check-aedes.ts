import { Duplex } from 'node:stream';
import { requireMembers, type ExpectedMembers, type Member } from '@rollcall/runtime/library-members';
import type { Aedes } from 'aedes';
import { internalsOf } from './aedes-internals.ts';

/** The versions in which each member was looked up. Before an update, read what the new one does there. */
export const testedVersions = { aedes: '2.0.0-beta.1', 'mqtt-packet': '9.0.2' } as const;

/** What this folder uses of aedes' objects, and of its parser's, beyond their typings. What aedes sets later is not among it. */
const aedesMembers = {
  broker: { connectTimeout: 'number', maximumPacketSize: 'number' },
  client: {
    conn: 'object',
    closed: 'boolean',
    connackSent: 'boolean',
    connecting: 'boolean',
    connected: 'boolean',
    errored: 'boolean',
    subscriptions: 'object',
    _parser: 'object',
    _parsingBatch: 'number',
    _rejectingPacketTooLarge: 'boolean',
    _nextBatch: 1,
    _onError: 1,
    pause: 0,
    resume: 0,
    close: 1,
    rejectPacketTooLarge: 2,
  },
  'client._parser': {
    packet: 'object',
    _list: 'object',
    _queue: 'optional',
    parse: 1,
    _parseString: 1,
    _parseBuffer: 0,
    _parseNum: 0,
    _parse4ByteNum: 0,
    _parseProperties: 0,
    _newPacket: 0,
    _emitError: 1,
    _resetState: 0,
  },
  'client._parser.packet': { cmd: 'optional', length: 'number' },
  'client._parser._list': { slice: 2, readUInt8: 'optional', length: 'number' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Member>>>>;

/**
 * Checks that the installed aedes has what is used of it beyond its typings: before the first device, not in the middle of a
 * connection.
 *
 * @throws ContractError that names what is not as expected.
 */
export function checkAedes(broker: Aedes): void {
  requireMembers(`aedes ${testedVersions.aedes}`, expectedOf(broker));
}

/** One of each of aedes' objects, on a stream that nobody is behind. */
export function expectedOf(broker: Aedes): readonly ExpectedMembers[] {
  const client = broker.handle(new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() }));
  const { _parser: parser } = internalsOf(client);
  client.close();
  const objects: Readonly<Record<keyof typeof aedesMembers, object>> = {
    broker,
    client,
    'client._parser': parser,
    'client._parser.packet': parser.packet,
    'client._parser._list': parser._list,
  };
  return Object.entries(objects).map(([name, object]) => ({
    name,
    object,
    members: aedesMembers[name as keyof typeof aedesMembers],
  }));
}
