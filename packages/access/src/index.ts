export type {
  AuthenticatedDevice,
  AuthenticationResult,
  Refusal,
  RefusalReason,
} from './authentication-result.ts';
export { refusalStatuses } from './authentication/refusal-statuses.ts';
export type { AccessEnd, HeldProof, HostAccess } from './host-access.ts';
export type { DeviceLogin, PskLookup } from './login.ts';
export { createRefusalReport, type RefusalReport } from './refusals/refusal-report.ts';
