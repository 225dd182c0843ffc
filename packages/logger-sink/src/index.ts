export { createLoggerSink, type LoggerSinkOptions } from './logger-sink.ts';
