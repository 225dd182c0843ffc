// What every device registry must do; a registry that answers as a test says, and what its devices log in with.
export {
  hashed,
  passwordForASecond,
  scriptedAuthorities,
  scriptedDeviceKey,
  scriptedKey,
  scriptedPassword,
  scriptedPasswords,
  ScriptedRegistry,
} from './scripted-registry.ts';
export {
  describeRegistry,
  type RegistryAlteration,
  type RegistryUnderTest,
  registryUnderTestContent,
} from './describe-registry.ts';
