/** Fields of performatives, by their place (AMQP 1.0 §2.7, §5.3.3). */
export const field = {
  begin: { remoteChannel: 0 },
  attach: { name: 0, handle: 1, role: 2, source: 5, target: 6 },
  flow: { handle: 4, drain: 8 },
  transfer: { handle: 0, deliveryId: 1, messageFormat: 3, more: 5, state: 7, aborted: 9 },
  disposition: { first: 1, last: 2, state: 4 },
  detach: { handle: 0 },
  close: { error: 0 },
  error: { condition: 0, description: 1 },
  saslInit: { mechanism: 0, initialResponse: 1 },
  saslResponse: { response: 0 },
} as const;
