export { consume, type ConsumeOptions, type EventConsumer } from './consume.ts';
