// For the other packages and apps of this repository; it may change with any version.
export { dial, type Dialled } from './dial.ts';
export { dialFailureOf, type DialFailure } from './dial-failure.ts';
export { createFifo, type Fifo } from './fifo.ts';
