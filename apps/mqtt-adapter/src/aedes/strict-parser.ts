import { isUtf8 } from 'node:buffer';
import type { EventEmitter } from 'node:events';
import { propertyRules, type PropertyRule } from './property-rules.ts';
import { reasonCodes } from '../reason-codes.ts';

/** What of mqtt-packet's parser is beyond its typings; `strict-parser.test.ts` has every rule that rests on it. */
export interface PacketParser extends EventEmitter {
  parse(bytes: Uint8Array): number;
  /** What it reads now, as far as it is read. */
  readonly packet: ParsedPacket;
  /** Where it reads next, in `_list`, which may hold packets that follow. */
  _pos: number;
  readonly _list: {
    slice(start: number, end: number): Uint8Array;
    readUInt8(at: number): number;
    append(bytes: Uint8Array): void;
    consume(bytes: number): void;
    readonly length: number;
    /** As they arrived. */
    readonly _bufs: readonly Uint8Array[];
  };
  /** Reads a string; `null` where it does not end within its packet. */
  _parseString(): string | null;
  _parseBuffer(): Uint8Array | null;
  _parseNum(): number;
  _parse4ByteNum(): number;
  _parseProperties(): Properties;
  /** Reads what is behind the fixed header, once it is whole. */
  _parsePayload(): boolean;
  /** Hands a packet on that is read. */
  _newPacket(): boolean;
  _emitError(error: Error): void;
}

interface ParsedPacket {
  readonly cmd?: string;
  readonly length: number;
  readonly protocolVersion?: number;
  readonly protocolId?: string;
  readonly bridgeMode?: boolean;
  readonly clientId?: string;
  readonly username?: string;
  readonly password?: Uint8Array;
  readonly will?: { readonly qos: number };
  readonly qos?: number;
  readonly dup?: boolean;
  readonly messageId?: number;
}

type Properties = Record<string, unknown>;

/** A packet that breaks the specification, and the reason code that says how (MQTT 5.0 §4.13). */
export class PacketError extends Error {
  readonly reasonCode: number;
  constructor(text: string, reasonCode: number = reasonCodes.malformedPacket) {
    super(text);
    this.reasonCode = reasonCode;
  }
}

/** Has a parser take nothing that the specification forbids a client. mqtt-packet reads much of it as if it were something else. */
export function readStrictly(reader: object): void {
  const parser = reader as PacketParser;
  parser._parseString = parseString;
  parser._parseProperties = parseProperties;
  parser._parsePayload = parsePayload;
  parser._newPacket = newPacket;
}

/** mqtt-packet's own way. */
function lenient(parser: PacketParser): PacketParser {
  return Object.getPrototypeOf(parser) as PacketParser;
}

/** Of a packet that is not whole: each byte may be one. */
const maxPieces = 64;

/** For each number and each string of a packet its pieces are walked from the first one: it is read as one piece. */
function parsePayload(this: PacketParser): boolean {
  const { _list: list, packet } = this;
  const pieces = list._bufs.length;
  if (pieces > 1 && (pieces >= maxPieces || list.length >= packet.length)) {
    const joined = list.slice(0, list.length);
    list.consume(list.length);
    list.append(joined);
  }
  return lenient(this)._parsePayload.call(this);
}

/** What a lenient reader makes of bytes that are no UTF-8; it may have been written, too. */
const replacement = '\uFFFD';
/** The length of a string stands before it, in two bytes (MQTT 5.0 §1.5.4). */
const lengthBytes = 2;

/** [MQTT-1.5.4-1] [MQTT-1.5.4-2] */
function parseString(this: PacketParser): string | null {
  const start = this._pos + lengthBytes;
  const text = lenient(this)._parseString.call(this);
  if (text?.includes('\0')) this._emitError(new PacketError('a string has U+0000 in it'));
  else if (text?.includes(replacement) && !isUtf8(this._list.slice(start, this._pos)))
    this._emitError(new PacketError('a string is not UTF-8'));
  return text;
}

/** Every packet passes here: nothing is allocated for one that is good. */
function newPacket(this: PacketParser): boolean {
  const problem = problemOf(this.packet, this._pos);
  if (problem === undefined) return lenient(this)._newPacket.call(this);
  this._emitError(new PacketError(problem));
  return false;
}

function problemOf(packet: ParsedPacket, end: number): string | undefined {
  const { cmd, length } = packet;
  if (cmd === 'publish') {
    if (end > length) return 'a PUBLISH ends before its payload begins';
    if (packet.dup === true && packet.qos === 0) return 'a PUBLISH of QoS 0 has DUP [MQTT-3.3.1-2]';
  } else if (end !== length && !(cmd === 'disconnect' && length === 0))
    return 'a packet is too long or too short';
  if (packet.messageId !== undefined && packet.messageId < 0) return 'a packet has no packet id';
  return cmd === 'connect' ? connectProblem(packet) : undefined;
}

function connectProblem(packet: ParsedPacket): string | undefined {
  const { protocolVersion = 4 } = packet;
  // Bridges say so by a bit of the version.
  if (packet.bridgeMode === true || (packet.protocolId === 'MQIsdp') !== (protocolVersion === 3))
    return 'no version of the protocol';
  if (packet.will?.qos === 3) return 'a Will has QoS 3 [MQTT-3.1.2-14]';
  if (protocolVersion < 5 && packet.password !== undefined && packet.username === undefined)
    return 'a password without a user name [MQTT-3.1.2-22]';
  return undefined;
}

/** It is read, and not written. */
const none: Properties = Object.freeze({});

function parseProperties(this: PacketParser): Properties {
  const { cmd, length } = this.packet;
  // A DISCONNECT may leave them out (MQTT 5.0 §3.14.2.2.1).
  if (cmd === 'disconnect' && this._pos >= length) return none;
  // Most packets have none.
  if (this._pos < length && this._list.readUInt8(this._pos) === 0) {
    this._pos += 1;
    return none;
  }
  try {
    const end = readLength(this) + this._pos;
    if (end > length) throw new PacketError('properties do not end within their packet');
    return readProperties(this, end);
  } catch (error) {
    this._pos = length;
    this._emitError(error as Error);
    return none;
  }
}

function readProperties(parser: PacketParser, end: number): Properties {
  const { cmd, clientId } = parser.packet;
  const place = cmd === 'connect' && clientId !== undefined ? 'will' : cmd;
  const properties: Properties = {};
  while (parser._pos < end) {
    const id = readByte(parser);
    const rule = propertyRules.get(id);
    if (!rule?.places.some((each) => each === place)) throw new PacketError(`property ${id} in a ${cmd}`);
    const { name } = rule;
    if (name in properties && !rule.repeats)
      throw new PacketError(`${name} comes twice`, reasonCodes.protocolError);
    const value = readValue(parser, rule);
    if (parser._pos > end) throw new PacketError(`${name} does not end within the properties`);
    if (rule.notZero && value === 0) throw new PacketError(`${name} is 0`, reasonCodes.protocolError);
    if (rule.kind === 'pair') addPair(properties, name, value as Pair);
    else properties[name] = value;
  }
  return properties;
}

type Pair = readonly [name: string, value: string];

/** As mqtt-packet has them: of one name a text, or several. */
function addPair(properties: Properties, name: string, [key, value]: Pair): void {
  const pairs = (properties[name] ??= Object.create(null)) as Record<string, string | string[]>;
  const before = pairs[key];
  if (before === undefined) pairs[key] = value;
  else if (Array.isArray(before)) before.push(value);
  else pairs[key] = [before, value];
}

function readValue(parser: PacketParser, { name, kind }: PropertyRule): unknown {
  switch (kind) {
    case 'flag': {
      const byte = readByte(parser);
      if (byte > 1) throw new PacketError(`${name} is neither 0 nor 1`, reasonCodes.protocolError);
      return byte === 1;
    }
    case 'int16':
      return present(parser._parseNum(), name);
    case 'int32':
      return present(parser._parse4ByteNum(), name);
    case 'var':
      return readLength(parser);
    case 'string':
      return present(parser._parseString(), name);
    case 'binary':
      return present(parser._parseBuffer(), name);
    case 'pair':
      return [present(parser._parseString(), name), present(parser._parseString(), name)];
    default:
      return kind satisfies never;
  }
}

/** mqtt-packet says -1, or `null`, where the bytes end. */
function present<Value>(value: Value | null, name: string): Value {
  if (value === null || value === -1) throw new PacketError(`${name} does not end within its packet`);
  return value;
}

function readByte(parser: PacketParser): number {
  if (parser._pos >= parser.packet.length) throw new PacketError('a packet ends within its properties');
  const byte = parser._list.readUInt8(parser._pos);
  parser._pos += 1;
  return byte;
}

/** A Variable Byte Integer, in as few bytes as it needs [MQTT-1.5.5-1]. */
function readLength(parser: PacketParser): number {
  let value = 0;
  for (let factor = 1; factor <= 128 ** 3; factor *= 128) {
    const byte = readByte(parser);
    value += (byte & 0x7f) * factor;
    if (byte >= 0x80) continue;
    if (byte === 0 && factor > 1) break;
    return value;
  }
  throw new PacketError('malformed Variable Byte Integer');
}
