import { readName, type DistinguishedName } from '@rollcall/core/x509';
import { expect, test } from 'vitest';
import { expandTemplate } from './expand-template.ts';

const utf8 = (text: string): Buffer => Buffer.from([0x0c, Buffer.byteLength(text), ...Buffer.from(text)]);
const wrap = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.from([tag, content.length, ...content]);
};
const oids: Readonly<Record<string, readonly number[]>> = { CN: [3], OU: [11], O: [10], C: [6] };

/** From the most significant part on. */
function name(...parts: readonly (readonly [string, string])[]): DistinguishedName {
  const attributes = parts.map(([type, text]) =>
    wrap(0x31, wrap(0x30, Buffer.from([6, 3, 0x55, 4, ...(oids[type] ?? [])]), utf8(text))),
  );
  return readName(wrap(0x30, ...attributes));
}

const subject = name(
  ['C', 'DE'],
  ['O', 'Acme, Inc.'],
  ['OU', 'plant 1'],
  ['OU', 'hall 2'],
  ['CN', 'device-7'],
);

test.each<[string, string | undefined]>([
  ['{{subject-cn}}', 'device-7'],
  ['test-device-{{subject-cn}}-x', 'test-device-device-7-x'],
  ['{{subject-cn}}.{{subject-cn}}', 'device-7.device-7'],
  // Of several, the most significant one, as in Hono.
  ['{{subject-ou}}', 'plant 1'],
  ['{{subject-o}}', 'Acme, Inc.'],
  ['{{subject-dn}}', String.raw`CN=device-7,OU=hall 2,OU=plant 1,O=Acme\, Inc.,C=DE`],
  ['{{subject-x}}', undefined],
])('the template %s gives %s', (template, id) => {
  expect(expandTemplate(template, subject)).toBe(id);
});

test('a template that uses a part which the subject lacks gives no id', () => {
  expect(expandTemplate('{{subject-cn}}-{{subject-ou}}', name(['CN', 'a']))).toBeUndefined();
  expect(expandTemplate('{{subject-cn}}', name(['CN', '']))).toBeUndefined();
});

test('parts of the subject are not expanded as templates', () => {
  expect(expandTemplate('{{subject-cn}}', name(['CN', '{{subject-o}}']))).toBe('{{subject-o}}');
  expect(expandTemplate('{{subject-cn}}', name(['CN', '$&$1']))).toBe('$&$1');
});
