import { hasPackages } from '../support.ts';
import { describeNetwork } from './describe-network.ts';
import { rabbitmq, rabbitmqTraits } from './rabbitmq.ts';

describeNetwork('RabbitMQ 3', {
  available: hasPackages('python3-qpid-proton', 'rabbitmq-server'),
  traits: rabbitmqTraits,
  create: rabbitmq,
});
