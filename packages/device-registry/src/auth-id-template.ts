import type { z } from 'zod';

const placeholders: ReadonlySet<string> = new Set(['subject-dn', 'subject-cn', 'subject-ou', 'subject-o']);

/** Auth-ids are shorter. To find placeholders can take as many steps as the square of the length. */
const maxTemplateLength = 1_024;

/** A text that is a template for auth-ids. Like Hono, we require that it uses the subject of a certificate. */
export function authIdTemplateIn(text: z.ZodString): z.ZodString {
  return text.max(maxTemplateLength, `must not be longer than ${maxTemplateLength} characters`).refine(
    (template) => {
      if (template.length > maxTemplateLength) return true;
      const used = [...template.matchAll(/\{\{(.*?)\}\}/g)].map(([, name = '']) => name);
      return used.length > 0 && used.every((name) => placeholders.has(name));
    },
    `must have one of ${[...placeholders].map((name) => `{{${name}}}`).join(', ')}, and no other placeholder`,
  );
}
