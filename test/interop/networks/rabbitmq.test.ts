import { hasPackages } from '../support.ts';
import { describeNetwork } from './describe-network.ts';
import { rabbitmq } from './rabbitmq.ts';

describeNetwork('RabbitMQ 3', hasPackages('python3-qpid-proton', 'rabbitmq-server'), rabbitmq);
