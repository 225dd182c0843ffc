export { type AdapterHarness, type DevicePeer, type Login, describeAdapter } from './describe-adapter.ts';
export type { DeviceBytes } from './describe-arrival.ts';
export { type BalancersHarness, describeBalancers } from './describe-balancers.ts';
export { describeEnvironment } from './describe-environment.ts';
export { type LoginFloodHarness, describeLoginFlood } from './describe-login-flood.ts';
export { describeLoginTimes } from './describe-login-times.ts';
export { expectPrintableMetrics, expectUnharmed } from './expect-unharmed.ts';
export { makeSocketsUnreliable } from './unwritable-sockets.ts';
export { watchConsole } from './watch-console.ts';
