export { createLog, type LogOptions } from './create-log.ts';
export { createLoggerSink, type LoggerSinkOptions } from './logger-sink.ts';
