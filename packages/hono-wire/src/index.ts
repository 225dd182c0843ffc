export { connectionEventContentType, emptyNotificationContentType } from './content-types.ts';
export {
  decodeEvent,
  type DecodedEvent,
  type HonoConnectionEvent,
  type ReceivedConnected,
  type ReceivedDisconnected,
  type ReceivedEvent,
  type UnrecognizedMessage,
} from './decode-event.ts';
export { encodeDeviceMessage } from './encode-device-message.ts';
export { encodeEvent, type EncodeEventOptions } from './encode-event.ts';
export { eventBodySchema } from './event-body-schema.ts';
export type { ReceivedMessage } from './received-message.ts';
export { isDefaultProperty, splitDefaults, type SplitDefaults } from './split-defaults.ts';
export { withFields, type MessageFields } from './with-fields.ts';
