export { anEvent, anEventMessage, anOutboundEvent } from './an-event.ts';
export {
  createCertificateAuthority,
  type CertificateAuthority,
  type CertificateFacts,
  type IssuedCertificate,
} from './certificate-authority.ts';
export { createDeviceKey, tokenClaims, type DeviceKey, type TokenAlgorithm } from './device-key.ts';
export { describeDirectory, leaseOf } from './describe-directory.ts';
export { describeFleet } from './describe-fleet.ts';
export { describeUntoldEndings } from './describe-untold-endings.ts';
export { MemoryFleet } from './memory-fleet.ts';
export {
  deadAfterMsUnderTest,
  epochOf,
  joinFleet,
  type DirectoryUnderTest,
  type FleetMember,
  type FleetUnderTest,
  type MemberFacts,
  type ToldByDirectory,
} from './directory-under-test.ts';
export {
  describeRegistry,
  registryUnderTestContent,
  type RegistryAlteration,
  type RegistryUnderTest,
} from './describe-registry.ts';
export { describeSink, type SinkUnderTest } from './describe-sink.ts';
export { describeTracker } from './describe-tracker.ts';
export { hasDebianPackage } from './has-debian-package.ts';
export { mutated, sendInPieces } from './hostile-bytes.ts';
export { localhostCertificate } from './localhost-certificate.ts';
export { loopbackHosts } from './loopback.ts';
export { ManualClock, settled } from './manual-clock.ts';
export { harmOf, harmWithin, illFormedUtf8, nastyStrings } from './nasty-strings.ts';
export { RecordingSink } from './recording-sink.ts';
export { startPostgres, type Postgres } from './start-postgres.ts';
export { seededRandom } from './seeded-random.ts';
export { arrived } from './arrived.ts';
export { proxyV1, proxyV2, v2Signature } from './proxy-headers.ts';
export { type LogLine, recordingLog } from './recording-log.ts';
export { RecordingSender } from './recording-sender.ts';
export {
  ScriptedRegistry,
  hashed,
  passwordForASecond,
  scriptedAuthorities,
  scriptedDeviceKey,
  scriptedKey,
  scriptedPassword,
  scriptedPasswords,
} from './scripted-registry.ts';
