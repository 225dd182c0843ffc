// The port of a protocol: how its signals become changes.
export type { Change, DisconnectedChange } from './connection-event.ts';
export type { CommonSignal, ConnectionTracker, EndedSignal, Step } from './connection-tracker.ts';
