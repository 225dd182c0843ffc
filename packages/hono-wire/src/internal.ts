// For Rollcall's other packages; it may change with any version.
export { encodeNotification } from './encode-notification.ts';
export { isDefaultProperty, splitDefaults } from './split-defaults.ts';
export { type MessageFields, withFields } from './with-fields.ts';
export { encodeRequest, type ServiceRequest } from './encode-request.ts';
