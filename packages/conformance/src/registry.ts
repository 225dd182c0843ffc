// A registry that answers as a test says, and what its devices log in with.
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
