import type { Packet } from 'mqtt-packet';

type Kind = 'flag' | 'int16' | 'int32' | 'var' | 'string' | 'pair' | 'binary';
/** Where a client may send a property; `will` stands for those of the Will in a CONNECT. */
type Place = Packet['cmd'] | 'will';

export interface PropertyRule {
  readonly name: string;
  readonly kind: Kind;
  readonly places: readonly Place[];
  /** It may come more than once. */
  readonly repeats?: true;
  /** 0 is a Protocol Error. */
  readonly notZero?: true;
}

/** Properties that a client may send, by their identifiers (MQTT 5.0 §2.2.2.2). */
export const propertyRules: ReadonlyMap<number, PropertyRule> = new Map<number, PropertyRule>([
  [0x01, { name: 'payloadFormatIndicator', kind: 'flag', places: ['publish', 'will'] }],
  [0x02, { name: 'messageExpiryInterval', kind: 'int32', places: ['publish', 'will'] }],
  [0x03, { name: 'contentType', kind: 'string', places: ['publish', 'will'] }],
  [0x08, { name: 'responseTopic', kind: 'string', places: ['publish', 'will'] }],
  [0x09, { name: 'correlationData', kind: 'binary', places: ['publish', 'will'] }],
  [0x0b, { name: 'subscriptionIdentifier', kind: 'var', places: ['subscribe'], notZero: true }],
  [0x11, { name: 'sessionExpiryInterval', kind: 'int32', places: ['connect', 'disconnect'] }],
  [0x15, { name: 'authenticationMethod', kind: 'string', places: ['connect', 'auth'] }],
  [0x16, { name: 'authenticationData', kind: 'binary', places: ['connect', 'auth'] }],
  [0x17, { name: 'requestProblemInformation', kind: 'flag', places: ['connect'] }],
  [0x18, { name: 'willDelayInterval', kind: 'int32', places: ['will'] }],
  [0x19, { name: 'requestResponseInformation', kind: 'flag', places: ['connect'] }],
  [
    0x1f,
    {
      name: 'reasonString',
      kind: 'string',
      places: ['puback', 'pubrec', 'pubrel', 'pubcomp', 'disconnect', 'auth'],
    },
  ],
  [0x21, { name: 'receiveMaximum', kind: 'int16', places: ['connect'], notZero: true }],
  [0x22, { name: 'topicAliasMaximum', kind: 'int16', places: ['connect'] }],
  [0x23, { name: 'topicAlias', kind: 'int16', places: ['publish'] }],
  [
    0x26,
    {
      name: 'userProperties',
      kind: 'pair',
      places: [
        'connect',
        'will',
        'publish',
        'puback',
        'pubrec',
        'pubrel',
        'pubcomp',
        'subscribe',
        'unsubscribe',
        'disconnect',
        'auth',
      ],
      repeats: true,
    },
  ],
  [0x27, { name: 'maximumPacketSize', kind: 'int32', places: ['connect'], notZero: true }],
]);
