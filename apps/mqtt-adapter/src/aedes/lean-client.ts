import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Aedes, Client } from 'aedes';
import type { PacketParser } from './strict-parser.ts';

/** What aedes' client and its parser have beyond their typings, as far as it is used here. */
interface ModelClient extends EventEmitter {
  readonly _parser: ModelParser;
  close(): void;
  _onError(error: Error): void;
  rejectPacketTooLarge(bytes: number): void;
}
interface ModelParser extends PacketParser {
  /** Makes the parser ready; the result is the parser itself. */
  parser(settings: object): this;
  readonly _list: PacketParser['_list'] & { readonly constructor: unknown };
  client: unknown;
  _queue: Packets | null;
}
interface ModelBroker {
  readonly connectTimeout: number;
  readonly maximumPacketSize: number;
}
type Packets = unknown[];
type Listener = (...args: unknown[]) => void;
type Type<Instance> = new () => Instance;

/**
 * Makes clients of aedes without what a client of this adapter never uses: a watch for the end of the stream, for which the event of
 * the socket does; a list of bytes that is a stream itself; a map of Topic Aliases; functions that deliver. They took a seventh of
 * the memory of an idle connection, and in a storm each collection of garbage copies what stays.
 *
 * aedes closes both sides of a connection when the device closes its own, and drops what it has not handled. Such a client does not:
 * what a device said before it left is served to the end.
 */
export function createLeanClients(broker: Aedes): (conn: Socket) => Client {
  const model = modelOf(broker);
  return (conn) => new LeanClient(model, conn) as unknown as Client;
}

/** What is the same for all clients of a broker: taken from one that aedes made, since aedes does not export it. */
interface Model {
  readonly broker: ModelBroker;
  readonly Parser: Type<ModelParser>;
  /** Take a packet from the parser, and those that came before the CONNACK. */
  readonly enqueue: Listener;
  readonly dequeue: Listener;
}

function modelOf(broker: Aedes): Model {
  const nobody = new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() });
  const client = broker.handle(nobody) as unknown as ModelClient;
  // Whatever a client does, it does as aedes' own.
  Object.setPrototypeOf(LeanClient.prototype, Object.getPrototypeOf(client) as object);
  const model: Model = {
    broker: broker as unknown as ModelBroker,
    Parser: leanParserOf(client._parser),
    enqueue: listenerFor(client._parser, 'packet'),
    dequeue: listenerFor(client, 'connected'),
  };
  client.close();
  return model;
}

function listenerFor(emitter: EventEmitter, event: string): Listener {
  const [listener] = emitter.listeners(event);
  if (!listener) throw new Error(`aedes does not listen for ${event}`);
  return listener as Listener;
}

/** mqtt-packet's parser, whose list of bytes is a list alone. */
function leanParserOf(parser: ModelParser): Type<ModelParser> {
  const Parser = parser.constructor as Type<ModelParser>;
  const Packet = parser.packet.constructor as Type<PacketParser['packet']>;
  const { BufferList } = parser._list.constructor as { readonly BufferList: Type<ByteList> };
  const List = quickListOf(BufferList);
  return class extends Parser {
    _resetState(): void {
      const state = this as unknown as Record<string, unknown>;
      state['packet'] = new Packet();
      state['error'] = null;
      state['_list'] = new List();
      state['_stateCounter'] = 0;
    }
  };
}

/** What of bl's list is used here. */
interface ByteList {
  readonly _bufs: readonly Buffer[];
  readUInt8(at: number): number;
  readUInt16BE(at: number): number;
  readUInt32BE(at: number): number;
  toString(encoding?: BufferEncoding, start?: number, end?: number): string;
}

/**
 * bl's list, which makes a slice for each number and each string that is read of it. Mostly its bytes are in one piece, of which they are
 * read as they lie: some twenty slices less for a CONNECT, a dozen for a PUBLISH.
 */
function quickListOf(BufferList: Type<ByteList>): Type<ByteList> {
  return class extends BufferList {
    override readUInt8(at: number): number {
      return pieceOf(this)?.readUInt8(at) ?? super.readUInt8(at);
    }

    override readUInt16BE(at: number): number {
      return pieceOf(this)?.readUInt16BE(at) ?? super.readUInt16BE(at);
    }

    override readUInt32BE(at: number): number {
      return pieceOf(this)?.readUInt32BE(at) ?? super.readUInt32BE(at);
    }

    override toString(encoding?: BufferEncoding, start?: number, end?: number): string {
      return pieceOf(this)?.toString(encoding, start, end) ?? super.toString(encoding, start, end);
    }
  };
}

function pieceOf({ _bufs: pieces }: ByteList): Buffer | undefined {
  return pieces.length === 1 ? pieces[0] : undefined;
}

/** It is never written to. */
const nothing = Object.freeze({});
function doNothing(): void {}

/** As the constructor of aedes' client makes it; `lean-client.test.ts` compares the two. */
class LeanClient extends EventEmitter {
  closed = false;
  connecting = false;
  connected = false;
  connackSent = false;
  errored = false;
  id: string | null = null;
  clean = true;
  version: number | null = null;
  _wireVersion: number | null = null;
  sessionExpiryInterval = 0;
  /** GHSA-52qw-whmv-87c5: a filter named like a property of Object must not be found there. */
  subscriptions = Object.create(null) as object;
  duplicates: object = nothing;
  broker: ModelBroker;
  conn: Socket;
  _disconnected = false;
  _authorized = false;
  disconnectReasonCode: number | null = null;
  _rejectingPacketTooLarge = false;
  _parsingBatch = 1;
  _nextId = 1;
  _drainTimer: NodeJS.Timeout | null = null;
  _pendingDrains: Listener[] = [];
  _paused = false;
  req: undefined;
  connDetails = null;
  will: unknown = null;
  _will: unknown = null;
  _parser: ModelParser;
  _nextBatch: (error?: Error | null) => void;
  /** There is no watch for the end of the stream to be called off. */
  _eos: () => void = doNothing;
  _keepaliveTimer: NodeJS.Timeout | null = null;
  _keepaliveInterval = -1;
  _connectTimer: NodeJS.Timeout | null;

  constructor({ broker, Parser, enqueue, dequeue }: Model, conn: Socket) {
    super();
    const failed = (error: Error): void => void this.emit('error', error);
    this.broker = broker;
    this.conn = conn;
    this._parser = new Parser().parser({});
    this._parser.client = this;
    this._parser._queue = [];
    this._parser.on('packet', enqueue);
    this._parser.on('error', failed);
    this.on('connected', dequeue);
    this.on('error', asModel(this)._onError);
    this._nextBatch = (error) => (error ? failed(error) : readOn(this));
    conn.on('readable', this._nextBatch);
    conn.on('error', failed);
    conn.on('close', () => asModel(this).close());
    this._connectTimer = setTimeout(
      // A CONNECT that arrived while this process was busy is read first.
      () => setImmediate(() => this._connectTimer && failed(new Error('connect did not arrive in time'))),
      broker.connectTimeout,
    );
  }

  /** The CONNACK grants none. */
  get _topicAliases(): Map<number, string> {
    return new Map();
  }

  deliver0(_packet: unknown, done: () => void): void {
    done();
  }

  deliverQoS(_packet: unknown, done: () => void): void {
    done();
  }
}

function asModel(client: LeanClient): ModelClient {
  return client as unknown as ModelClient;
}

/** Reads on, unless it is paused, or has packets to handle. What is announced to be too long is not waited for. */
function readOn(client: LeanClient): void {
  if (client._paused || client._rejectingPacketTooLarge) return;
  client._parsingBatch = Math.max(0, client._parsingBatch - 1);
  if (client._parsingBatch > 0) return;
  // aedes reads so: see `readInTurns`.
  const bytes = client.conn.read(null as unknown as number) as Uint8Array | null;
  if (!bytes) return;
  client._parser.parse(bytes);
  const max = client.broker.maximumPacketSize;
  const { length } = client._parser.packet;
  if (max > 0 && length > 0 && wholeBytes(length) > max)
    asModel(client).rejectPacketTooLarge(wholeBytes(length));
}

/** Of a packet with this Remaining Length, with its fixed header (MQTT 5.0 §2.1.4). */
function wholeBytes(remaining: number): number {
  const lengthBytes = remaining < 128 ? 1 : remaining < 128 ** 2 ? 2 : remaining < 128 ** 3 ? 3 : 4;
  return 1 + lengthBytes + remaining;
}
