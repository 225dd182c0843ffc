/** Content type of a connection event, as Eclipse Hono has it. */
export const connectionEventContentType = 'application/vnd.eclipse-hono-dc-notification+json';

/** Content type of a message without body by which a device says for how long it can receive commands. */
export const emptyNotificationContentType = 'application/vnd.eclipse-hono-empty-notification';
