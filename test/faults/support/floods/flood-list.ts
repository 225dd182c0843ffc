import type { Stage } from '../stage.ts';
import { deviceId, password } from '../stage.ts';
import type { FloodOrder } from './flood-order.ts';
import type { FloodedProtocol } from './honest-device.ts';

/** The device that is present and is measured, the same in each protocol, and one that floods with a valid secret. */
export const presentDevice = 0;
const floodingDevice = 1;
/** Its secret is proved from another address, and guessed at from the devices'. */
export const guessedDevice = 2;
/** From this one on devices come for the first time. */
export const firstNewcomer = 3;

const devicesAddress = '127.0.0.1';
const strangersAddress = '127.0.1.2';
const strangers = [strangersAddress, '127.0.2.2', '127.0.3.2', '127.0.4.2'];
const present = `${deviceId(presentDevice)}@acme`;
const nobodies = Array.from({ length: 1_000 }, (_, index) => `nobody-${index}@acme`);

/** One flood, and the protocol it is about. */
export interface NamedFlood {
  readonly name: string;
  readonly protocol: FloodedProtocol;
  order(stage: Stage): FloodOrder;
}

const handshakes = {
  kind: 'handshakes',
  addresses: strangers,
  identity: 'nobody@acme',
  secret: 'guess',
  isHalfOpen: true,
  // 186 bytes of a stranger until it has its cookie: 10 kB a second.
  perSecond: 54,
} as const;

const overCoap: readonly NamedFlood[] = [
  { name: 'half-open handshakes, 10 kB/s', protocol: 'coap', order: ({ port }) => ({ ...handshakes, port }) },
  {
    name: 'half-open handshakes, 100 kB/s, from the devices’ address',
    protocol: 'coap',
    order: ({ port }) => ({ ...handshakes, port, perSecond: 540, addresses: [devicesAddress] }),
  },
  {
    name: 'wrong keys, 50/s, in the name of a present device, from its address',
    protocol: 'coap',
    order: ({ port }) => ({
      ...handshakes,
      port,
      perSecond: 50,
      addresses: [devicesAddress],
      identity: present,
      isHalfOpen: false,
    }),
  },
  {
    name: 'a valid device that opens associations, 50/s',
    protocol: 'coap',
    order: ({ port }) => ({
      ...handshakes,
      port,
      perSecond: 50,
      identity: `${deviceId(floodingDevice)}@acme`,
      secret: password,
      isHalfOpen: false,
    }),
  },
];

const overTcp = (['mqtt', 'amqp', 'http'] as const).flatMap((protocol): readonly NamedFlood[] => [
  {
    name: 'wrong passwords, 10/s, of a thousand names, from the devices’ address',
    protocol,
    order: ({ port }) => ({ kind: 'logins', protocol, port, usernames: nobodies, perSecond: 10 }),
  },
  {
    name: 'wrong passwords, flat out, in the name of a present device, from its address',
    protocol,
    order: ({ port }) => ({ kind: 'logins', protocol, port, usernames: [present], perSecond: null }),
  },
  {
    name: 'guesses at a secret that was right elsewhere, flat out',
    protocol,
    order: ({ port }) => ({
      kind: 'logins',
      protocol,
      port,
      usernames: [`${deviceId(guessedDevice)}@acme`],
      perSecond: null,
      rightPassword: password,
    }),
  },
  {
    name: 'silent sockets, 200/s',
    protocol,
    order: ({ port }) => ({
      kind: 'sockets',
      port,
      address: strangersAddress,
      perSecond: 200,
      beginsTls: false,
    }),
  },
  {
    name: 'TLS handshakes that are begun, 400/s',
    protocol,
    order: ({ securePort }) => ({
      kind: 'sockets',
      port: securePort,
      address: strangersAddress,
      perSecond: 400,
      beginsTls: true,
    }),
  },
]);

const bySession = (['mqtt', 'amqp'] as const).map((protocol): NamedFlood => ({
  name: 'one device that opens sessions, 50/s',
  protocol,
  order: ({ port }) => ({
    kind: 'sessions',
    protocol,
    port,
    username: `${deviceId(floodingDevice)}@acme`,
    perSecond: 50,
  }),
}));

const byUpload = (['mqtt', 'amqp', 'http', 'coap'] as const).map((protocol): NamedFlood => ({
  name: 'one device that uploads flat out, QoS 1',
  protocol,
  order: ({ port }) => ({ kind: 'uploads', protocol, port, device: floodingDevice }),
}));

/** Every kind of flood of which something was ever seen to suffer. */
export const floodList: readonly NamedFlood[] = [
  { name: 'no flood', protocol: 'mqtt', order: () => ({ kind: 'none' }) },
  ...overCoap,
  ...overTcp,
  ...bySession,
  ...byUpload,
];
