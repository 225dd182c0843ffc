import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NotDer } from './der.ts';
import { readName } from './distinguished-name.ts';
import { escapeText, formatName } from './format-name.ts';
import { normalizeName } from './normalize-name.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** Names in DER, and what `new X500Principal(der).getName(RFC2253)` of OpenJDK 17 makes of them. */
const ofJava = [
  [
    '3041310b3009060355040613024445310d300b060355040a130441636d653110300e060355040b1307446576696365733111300f060355040313086465766963652d31',
    'CN=device-1,OU=Devices,O=Acme,C=DE',
  ],
  [
    '30818031123010060a0992268993f22c6401011302753131133011060a0992268993f22c64011916036f726731173015060a0992268993f22c64011916076578616d706c65310d300b060355040913044d61696e310f300d060355040713064d756e6963683110300e0603550408130742617661726961310a30080603550403130178',
    'CN=x,ST=Bavaria,L=Munich,STREET=Main,DC=example,DC=org,UID=u1',
  ],
  [
    '3022310a300806035504031301783114301206092a864886f70d01090116056140622e63',
    '1.2.840.113549.1.9.1=#16056140622e63,CN=x',
  ],
  ['301c310a30080603550403130178310e300c060355040513053132333435', '2.5.4.5=#13053132333435,CN=x'],
  [
    '302b31143008060355040a1301613008060355040b130162311330110603550403130a41636d652c20496e632e',
    'CN=Acme\\, Inc.,O=a+OU=b',
  ],
  ['3020311e30080603550403130161300806035504051301313008060355040a13017a', 'CN=a+2.5.4.5=#130131+O=z'],
  ['3021310e300c060355040a1305206c656164310f300d06035504030c06236861736820', 'CN=\\#hash\\ ,O=\\ lead'],
  [
    '3023310f300d060355040a0c06e697a5e69cac3110300e06035504030c074772c3b6c39f65',
    'CN=Gr\u00f6\u00dfe,O=\u65e5\u672c',
  ],
  ['301a3118301606035504030c0f6122623c633e643b653d662b675c68', 'CN=a\\"b\\<c\\>d\\;e\\=f\\+g\\\\h'],
  ['300e310c300a06035504030c03610062', 'CN=a\\00b'],
  ['300b3109300706035504031300', 'CN='],
  ['3017311530130603550403130c612f623f633a642765286629', "CN=a/b?c:d'e(f)"],
  ['300f310d300b06035504030c04610d620d', 'CN=a\rb\\\r'],
  ['300d310b300906035504031402414f', 'CN=AO'],
  ['300d310b300906035504031b026162', 'CN=ab'],
  ['300d310b300906035504031202313a', 'CN=#1202313a'],
  ['300d310b300906035504031a026162', 'CN=#1a026162'],
  ['300d310b300906035504030c02200d', 'CN=\\ \\\r'],
  ['300e310c300a06035504030c03202020', 'CN=\\ \\ \\ '],
  ['3000', ''],
  ['301a3118300906035504030c026162300b06035504050c0461626364', 'CN=ab+2.5.4.5=#0c0461626364'],
  ['301531133011060a2b0601040182371401010c0361c3a4', '1.3.6.1.4.1.311.20.1.1=#0c0361c3a4'],
] as const;

test.each(ofJava)('%s is written as Java does', (der, name) => {
  expect(formatName(readName(bytes(der)))).toBe(name);
});

test.each(ofJava.filter(([, name]) => name !== ''))('what is written of %s stays as it is', (_der, name) => {
  expect(normalizeName(name)).toBe(name);
});

test('text that is not in its encoding is written in hexadecimal: no two names may look the same', () => {
  expect(formatName(readName(bytes('300d310b300906035504030c0261e4')))).toBe('CN=#0c0261e4');
});

test('only the outer spaces and returns of a text are escaped, whatever stands beside them', () => {
  const written = (text: string): string => {
    const escaped = text.replace(/[,=+<>#;"\\]/g, String.raw`\$&`).replaceAll('\0', String.raw`\00`);
    return escaped.replace(/^[ \r]+|[ \r]+$/g, (outer) => outer.replace(/[ \r]/g, String.raw`\$&`));
  };
  const texts = fc.string({
    unit: fc.constantFrom(' ', '\r', '\0', 'a', '\\', ',', '#', '\n'),
    maxLength: 8,
  });
  const property = fc.property(texts, (text) => {
    expect(escapeText(text)).toBe(written(text));
  });
  fc.assert(property, { numRuns: 5_000, seed: 17 });
});

test('a text of a million inner spaces is written: strangers choose it', () => {
  const text = `a${' '.repeat(1_000_000)}b`;
  expect(escapeText(text)).toBe(text);
});

describe('a name that somebody wrote', () => {
  test.each([
    ['cn=device-1, ou=Devices , O = Acme', 'CN=device-1,OU=Devices,O=Acme'],
    ['CN="Acme, Inc.";O=x', String.raw`CN=Acme\, Inc.,O=x`],
    [String.raw`CN=Gr\C3\B6\C3\9Fe`, 'CN=Gr\u00f6\u00dfe'],
    [String.raw`CN=a\20`, 'CN=a\\ '],
    ['CN=a=b', String.raw`CN=a\=b`],
    ['2.5.4.5=#130131+CN=x', '2.5.4.5=#130131+CN=x'],
  ])('%s is read', (written, name) => expect(normalizeName(written)).toBe(name));

  test.each([
    '',
    'device-1',
    'CN',
    'CN=a,',
    'CN=a,,O=b',
    'CN=a"b',
    'serialNumber=1',
    'emailAddress=a@b.c',
    '2.5.4.5=1',
    String.raw`CN=\FF`,
    'CN=#0',
  ])('%j is none', (written) => expect(normalizeName(written)).toBeUndefined());
});

/** In one expression, whose steps can be the cube of the length: each space may belong to three of its parts. */
const oneAttribute =
  /\s*([A-Za-z]+|\d+(?:\.\d+)+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|#((?:[0-9A-Fa-f]{2})+)|((?:[^,+;"\\=<>#]|\\.)(?:[^,+;"\\<>]|\\.)*?)?)\s*(,|;|\+|$)/suy;

function plainlyNormalized(written: string): string | undefined {
  let normalized = '';
  for (let at = 0, separator = ','; separator !== '';) {
    oneAttribute.lastIndex = at;
    const match = oneAttribute.exec(written);
    if (!match) return undefined;
    const [whole, type = '', quoted, hexadecimal, plain = ''] = match;
    const isKeyword = /^(?:CN|C|L|ST|STREET|O|OU|UID|DC)$/i.test(type);
    if (hexadecimal === undefined && !isKeyword) return undefined;
    const parts = [...(quoted ?? plain).matchAll(/\\([0-9A-Fa-f]{2})|\\(.)|[^\\]/gsu)].map(
      ([piece, pair, single]) =>
        pair === undefined ? Buffer.from(single ?? piece) : Buffer.from(pair, 'hex'),
    );
    const text = Buffer.concat(parts).toString();
    if (!Buffer.from(text).equals(Buffer.concat(parts))) return undefined;
    normalized += `${type.toUpperCase()}=${hexadecimal === undefined ? escapeText(text) : `#${hexadecimal.toLowerCase()}`}`;
    separator = match[5] ?? '';
    normalized += separator === ';' ? ',' : separator;
    at += whole.length;
  }
  return normalized;
}

test('a name is read as by one expression for each attribute', () => {
  const piece = fc.constantFrom(
    ...['CN', 'o', '2.5.4.5', '1', '=', '=', '#', '#0a', '#0aB', '"', '"a b"', ' ', ' ', '\u00a0', '\n'],
    ...['\\', '\\"', '\\ ', '\\C3\\B6', '\\ff', ',', ';', '+', '<', 'a', '\u00f6', '\u{1f600}'],
  );
  const attribute = fc
    .tuple(fc.constantFrom('CN=', ' o =', '2.5.4.5='), fc.array(piece, { maxLength: 4 }))
    .map(([type, value]) => `${type}${value.join('')}`);
  const name = fc
    .array(fc.tuple(attribute, fc.constantFrom(',', ' ; ', '+')), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.map(([each, end], index) => (index === 0 ? each : `${end}${each}`)).join(''));
  const anything = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  let read = 0;
  const property = fc.property(fc.oneof(name, anything), (written) => {
    const normalized = plainlyNormalized(written);
    if (normalized !== undefined) read += 1;
    expect([written, normalizeName(written)]).toEqual([written, normalized]);
  });
  fc.assert(property, { numRuns: 20_000, seed: 17 });
  expect(read).toBeGreaterThan(1_000);
});

const spaces = ' '.repeat(30_000);

test.each([
  ['spaces before a quotation mark', `CN=${spaces}"`],
  ['spaces in a value', `CN=a${spaces}"`],
  ['spaces before the type', `${spaces}"`],
  ['spaces before the equals sign', `CN${spaces}"`],
  ['spaces behind a quotation', `CN="a"${spaces}"`],
  ['spaces behind hexadecimal', `CN=#00${spaces}"`],
  ['a quotation without end', `CN="${'\\ '.repeat(15_000)}`],
  ['a type without end', `${'1.'.repeat(15_000)}"`],
  ['hexadecimal without end', `CN=#${'0'.repeat(30_001)}`],
  ['escaped spaces', `CN=${'\\  '.repeat(10_000)}"`],
  ['a hundred million spaces', ' '.repeat(100_000_000)],
])('a name of %s is refused', (_what, written) => {
  expect(normalizeName(written)).toBeUndefined();
});

test.each([
  ['nothing', ''],
  ['something else', '0500'],
  ['a length beyond the end', '3005310b'],
  ['an indefinite length', '30800000'],
  ['a length in more bytes than it needs', '308100'],
  ['a length without end', '30847fffffff'],
  ['something that follows', '30003000'],
  ['an attribute without value', '300b310930070603550403'],
  ['an attribute of three', '300f310d300b06035504030c01610c0162'],
  ['an identifier that is cut off', '300d310b300906035504830c026162'],
  ['an identifier with bytes to spare', '300d310b300906038004030c026162'],
])('%s is no name', (_what, hex) => {
  expect(() => readName(bytes(hex))).toThrow(NotDer);
});
