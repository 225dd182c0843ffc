export { anEnding, anEvent, anEventMessage, anOutboundEvent } from './an-event.ts';
export { freeBlockedPort } from './blocked-port.ts';
export { describeSink, type SinkUnderTest } from './describe-sink.ts';
export { describeTracker } from './describe-tracker.ts';
export { ClockOfAnother, ManualClock, settled } from './manual-clock.ts';
export { type LogLine, recordingLog } from './recording-log.ts';
export { RecordingSender } from './recording-sender.ts';
export { RecordingSink } from './recording-sink.ts';
export { seededRandom } from './seeded-random.ts';
