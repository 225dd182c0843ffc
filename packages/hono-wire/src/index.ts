export { emptyNotificationContentType } from './content-types.ts';
export {
  type DecodedEvent,
  decodeEvent,
  type HonoConnectionEvent,
  type ReceivedConnected,
  type ReceivedDisconnected,
  type ReceivedEvent,
  type UnrecognizedMessage,
} from './decode-event.ts';
export { encodeDeviceMessage } from './encode-device-message.ts';
export { encodeEvent } from './encode-event.ts';
export { eventBodySchema } from './event-body-schema.ts';
export type { ReceivedMessage } from './received-message.ts';
