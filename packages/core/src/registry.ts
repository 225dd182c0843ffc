// The port of a device registry: what it answers, and what passwords are verified with.
export {
  credentialsTypes,
  type AdapterSettings,
  type Answer,
  type AssertionAnswer,
  type Credentials,
  type CredentialsType,
  type DefaultProperties,
  type DeviceRegistry,
  type PasswordSecret,
  type PasswordVerdict,
  type PasswordVerifier,
  type Presented,
  type PskSecret,
  type PublicKeySecret,
  type Registration,
  type RegistryAvailability,
  type RegistryChange,
  type RegistryService,
  type RegistryServices,
  type RegistryState,
  type ResourceLimits,
  type SecretsByType,
  type StoredSecret,
  type Tenant,
  type TrustAnchor,
  type VerifyingTurn,
} from './device-registry.ts';
export type { ChangeNotifications, NotificationListener } from './change-notifications.ts';
export { breaksRule, type IdentifierRule } from './identifier-rule.ts';
export { isValidAt, type Validity } from './validity.ts';
