import { describe } from 'vitest';
import { hasPackages } from '../support.ts';
import { describeNetwork } from './describe-network.ts';
import { rabbitmq } from './rabbitmq.ts';

describe.runIf(hasPackages('python3-qpid-proton', 'rabbitmq-server'))('networks', () =>
  describeNetwork('RabbitMQ 3', rabbitmq()),
);
