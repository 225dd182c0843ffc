/** Names of messaging networks, and of the libraries and packages that speak to them. */
const networks = /\b(?:artemis|activemq|rabbitmq|qpid|kafka|pulsar|nats)\b/i;
/** Sections of options that belong to messaging modules. */
const options = /\b(?:(?:ROLLCALL|HONO)_)?(?:MESSAGING|KAFKA)_[A-Z]/;
const imports = /from '(?:@rollcall\/amqp-[a-z-]+|rhea(?:-promise)?|kafkajs)(?:\/[^']*)?'/;

/**
 * Where the kit knows a messaging network: it leaves them to modules (`docs/decisions/0032-messaging-is-a-module.md`).
 * @param {readonly { readonly path: string, readonly text: string }[]} sources of the kit, tests too
 * @returns {string[]}
 */
export function checkKit(sources) {
  return sources.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const found = [networks, options, imports].map((pattern) => pattern.exec(line)?.[0]).find(Boolean);
      return found === undefined
        ? []
        : [`${path}:${index + 1}: ${found}: belongs to a messaging module, the kit knows no network`];
    }),
  );
}
