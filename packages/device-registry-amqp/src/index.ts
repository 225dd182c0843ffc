export { amqpRegistry } from './module/amqp-registry.ts';
