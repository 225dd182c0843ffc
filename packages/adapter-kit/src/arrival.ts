// Reports bytes when they arrive, cuts them into frames, and makes frames for the other side.
export { afterReading } from './arrival/after-reading.ts';
export { arrivalOn, arrivedAt } from './arrival/accept-queue.ts';
export {
  countedPayloadFormat,
  type CountedPayload,
  lineAndPayload,
} from './arrival/counted-payload-format.ts';
export { lengthPrefixedFrame, utf8Within } from './arrival/encode-frame.ts';
export { type Cut, FrameCutter } from './arrival/frame-cutter.ts';
export {
  type FrameBounds,
  type FrameFormat,
  type FrameTail,
  type LengthPrefix,
  lengthPrefixFormat,
  lineFormat,
} from './arrival/frame-format.ts';
export { onArrival } from './arrival/on-arrival.ts';
export { readArrived } from './arrival/read-arrived.ts';
export { readFrames } from './arrival/read-frames.ts';
