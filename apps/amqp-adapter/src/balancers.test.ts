import { describeBalancers } from '@rollcall/adapter-conformance';
import { createAmqpAdapter } from './adapter.ts';
import { limits } from './testing/options.ts';
import { amqpHeader, openFrame, saslHeader, saslInit } from './testing/raw-client.ts';

describeBalancers('AMQP 1.0', {
  createAdapter: (listeners) => createAmqpAdapter({ ...limits, ...listeners }),
  // A client does not have to wait for the outcome of SASL before it goes on (AMQP 1.0 §5.3.2).
  hello: ({ username, password }) =>
    Buffer.concat([
      saslHeader,
      saslInit('PLAIN', `\0${username}\0${password}`),
      amqpHeader,
      openFrame('unit-1'),
    ]),
});
