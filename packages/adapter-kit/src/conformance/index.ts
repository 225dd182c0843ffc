export { accessChangesOf, setFirstSecret, type AccessChange } from './access-changes.ts';
export { expectPrintableMetrics, expectUnharmed } from './expect-unharmed.ts';
export { arrived } from './arrived.ts';
export type { DeviceBytes } from './describe-arrival.ts';
export { describeAdapter, type AdapterHarness, type DevicePeer, type Login } from './describe-adapter.ts';
export { describeBalancers, type BalancersHarness } from './describe-balancers.ts';
export { describeEnvironment } from './describe-environment.ts';
export { recordingLog, type LogLine } from './recording-log.ts';
export { proxyV1, proxyV2, v2Signature, type ProxyV2Facts } from './proxy-headers.ts';
export { RecordingSender } from './recording-sender.ts';
export {
  hashed,
  passwordForASecond,
  scriptedAuthorities,
  scriptedKey,
  ScriptedRegistry,
  scriptedPassword,
  scriptedPasswords,
} from './scripted-registry.ts';
export { watchConsole } from './watch-console.ts';
export { makeSocketsUnreliable } from './unwritable-sockets.ts';
export { startForTest, type AdapterInTest, type TestSetting } from './start-for-test.ts';
export { describeLoginFlood, type LoginFloodHarness } from './describe-login-flood.ts';
export { describeLoginTimes } from './describe-login-times.ts';
