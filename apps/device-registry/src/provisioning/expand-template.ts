import { formatName, type DistinguishedName } from '@rollcall/core/x509';

const attributes: ReadonlyMap<string, string> = new Map([
  ['subject-cn', 'CN'],
  ['subject-ou', 'OU'],
  ['subject-o', 'O'],
]);

/**
 * A device id from a template such as `device-{{subject-cn}}`, as in Hono. `undefined`: the subject lacks a part that the template uses.
 */
export function expandTemplate(template: string, subject: DistinguishedName): string | undefined {
  let isComplete = true;
  const expanded = template.replaceAll(/\{\{(.*?)\}\}/g, (_placeholder, name: string) => {
    if (name === 'subject-dn') return formatName(subject);
    const text = subject.flat().find(({ type }) => type === attributes.get(name))?.text ?? '';
    if (text === '') isComplete = false;
    return text;
  });
  return isComplete ? expanded : undefined;
}
