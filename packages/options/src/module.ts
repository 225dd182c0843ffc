// Options that a module brings, and its secrets in files.
export { type ClientSecretFiles, followClientSecrets } from './follow-client-secrets.ts';
export {
  chooseModule,
  type ChosenModule,
  filesOfSecrets,
  type OptionModule,
  optionsOfModules,
} from './option-module.ts';
