import type { EndedSignal } from '@rollcall/core/tracker';
import type { IPublishPacket, Packet } from 'mqtt-packet';
import { endCodes } from './device-answers.ts';
import { reasonCodes } from './reason-codes.ts';
import { PacketError } from './aedes/strict-parser.ts';
import type { MqttSignal } from './tracker.ts';

/** Control packets a connected device may send (MQTT 5.0 §2.1.2). */
const allowed: ReadonlySet<Packet['cmd']> = new Set([
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'unsubscribe',
  'pingreq',
  'disconnect',
]);

/** Of a topic, in aedes. */
const maxLevels = 100;

/** What a packet of a connected device says about it, if it must not come, e.g. a second CONNECT [MQTT-3.1.0-2]. */
export function protocolViolation(packet: Packet, version: number): MqttSignal | undefined {
  const text = violationText(packet);
  if (text !== undefined) return { type: 'protocol-error', code: reasonCodes.protocolError, text };
  return badName(packet) ?? (version === 5 ? unsupported(packet) : undefined);
}

/** What is wrong with a topic, or with a filter. aedes closes without a word then. */
function badName(packet: Packet): MqttSignal | undefined {
  switch (packet.cmd) {
    case 'publish': {
      const text = topicProblem(packet);
      return text === undefined
        ? undefined
        : { type: 'protocol-error', code: reasonCodes.topicNameInvalid, text };
    }
    case 'subscribe':
      return badFilter(packet.subscriptions.map(({ topic }) => topic));
    case 'unsubscribe':
      return badFilter(packet.unsubscriptions);
    default:
      return undefined;
  }
}

function topicProblem({ topic, properties }: IPublishPacket): string | undefined {
  // [MQTT-3.3.2-2]
  if (hasWildcard(topic)) return 'PUBLISH with a wildcard';
  // [MQTT-3.3.2-14]
  if (properties?.responseTopic !== undefined && hasWildcard(properties.responseTopic))
    return 'a Response Topic with a wildcard';
  return topic.length >= maxLevels && topic.split('/').length > maxLevels
    ? 'a topic with too many levels'
    : undefined;
}

function badFilter(filters: readonly string[]): MqttSignal | undefined {
  const text = filters.map(filterProblem).find((problem) => problem !== undefined);
  return text === undefined
    ? undefined
    : { type: 'protocol-error', code: reasonCodes.topicFilterInvalid, text };
}

function filterProblem(filter: string): string | undefined {
  const levels = filter.split('/');
  // `keepFiltersApart` adds one for aedes.
  if (levels.length >= maxLevels) return 'a filter with too many levels';
  // [MQTT-4.7.1-1] [MQTT-4.7.1-2]
  const isMisplaced = levels.some(
    (level, index) => hasWildcard(level) && level !== '+' && (level !== '#' || index < levels.length - 1),
  );
  return isMisplaced ? 'a filter with a wildcard where none may be' : undefined;
}

function hasWildcard(text: string): boolean {
  return text.includes('#') || text.includes('+');
}

/** What a device of MQTT 5.0 asks for though its CONNACK says that it is not there [MQTT-3.2.2-11] (MQTT 5.0 §3.2.2.3.12). */
function unsupported(packet: Packet): MqttSignal | undefined {
  // [MQTT-3.3.2-9]: the CONNACK grants none.
  if (packet.cmd === 'publish' && packet.properties?.topicAlias !== undefined)
    return {
      type: 'protocol-error',
      code: reasonCodes.topicAliasInvalid,
      text: 'there are no Topic Aliases',
    };
  if (packet.cmd === 'publish' && packet.qos === 2)
    return { type: 'protocol-error', code: reasonCodes.qosNotSupported, text: 'QoS 2 is not supported' };
  if (packet.cmd === 'subscribe' && packet.properties?.subscriptionIdentifier !== undefined)
    return {
      type: 'protocol-error',
      code: reasonCodes.subscriptionIdentifiersNotSupported,
      text: 'Subscription Identifiers are not supported',
    };
  return undefined;
}

function violationText(packet: Packet): string | undefined {
  const name = packet.cmd.toUpperCase();
  if (!allowed.has(packet.cmd)) return `unexpected ${name}`;
  // [MQTT-3.8.3-3], [MQTT-3.10.3-2]: the parser lets it pass.
  const asksForNothing =
    (packet.cmd === 'subscribe' && packet.subscriptions.length === 0) ||
    (packet.cmd === 'unsubscribe' && packet.unsubscriptions.length === 0);
  if (asksForNothing) return `${name} without a topic filter`;
  if (namesNothing(packet)) return `${name} with an empty topic`;
  // [MQTT-2.3.1-1]; of QoS 0 it is absent.
  return packet.messageId === 0 ? `${name} with packet id 0` : undefined;
}

/** A topic, of whatever kind, has a character at least [MQTT-4.7.3-1]; that of a PUBLISH may be left out for an alias alone. */
function namesNothing(packet: Packet): boolean {
  switch (packet.cmd) {
    case 'publish':
      return packet.topic === '' && packet.properties?.topicAlias === undefined;
    case 'subscribe':
      return packet.subscriptions.some(({ topic }) => topic === '');
    case 'unsubscribe':
      return packet.unsubscriptions.includes('');
    default:
      return false;
  }
}

/** The reason code of bytes that are no packet, or none that may come. */
export function parseErrorCode(error: Error): number {
  return error instanceof PacketError ? error.reasonCode : reasonCodes.malformedPacket;
}

/** The device does not read its answers. */
export const doesNotRead: EndedSignal = {
  type: 'ended',
  reason: 'limit-exceeded',
  raw: { ...endCodes['limit-exceeded'], text: 'does not read' },
};

/** What an error that aedes reports means for the connection. */
export function errorSignal(error: Error): MqttSignal | EndedSignal {
  const { message } = error;
  // Errors of the socket carry the operating system's code.
  if ('code' in error && typeof error.code === 'string') return { type: 'socket-closed', text: error.code };
  switch (message) {
    case 'keep alive timeout':
      return {
        type: 'ended',
        reason: 'keepalive-timeout',
        raw: { code: reasonCodes.keepAliveTimeout, text: 'Keep Alive timeout' },
      };
    case 'packet too large':
      return { type: 'protocol-error', code: reasonCodes.packetTooLarge, text: 'Packet too large' };
    case 'drain timeout':
      return doesNotRead;
    default:
      return { type: 'protocol-error', code: reasonCodes.protocolError, text: message };
  }
}
