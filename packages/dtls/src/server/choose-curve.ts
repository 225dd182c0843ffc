import { curveNames, namedCurves, type CurveName } from '../crypto/named-curve.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { uint16List, type ClientHello } from '../wire/client-hello.ts';
import { extensionType } from '../wire/extension-type.ts';
import { ecdsaSha256, ecdsaSha384 } from '../wire/signature-scheme.ts';

/** The ids of the curves that a client knows; `undefined` where it does not say. */
export type Groups = ReadonlySet<number> | undefined;

/** @throws Malformed */
export function readGroups(hello: ClientHello): Groups {
  return listIn(hello, extensionType.supportedGroups);
}

/**
 * The curve for an ECDHE: P-256 where the client knows it. A client without the extension leaves the choice to the server
 * (RFC 8422 §4), and every small device knows P-256 (RFC 7925 §4.4).
 */
export function chooseCurve(groups: Groups): CurveName | undefined {
  return curveNames.find((name) => knowsCurve(groups, name));
}

/**
 * How the server signs with a key on this curve: with the hash that is as strong as the curve or, where the client does not know that,
 * with the other (TLS 1.2 ties no hash to a curve). `undefined` where the client cannot verify such a signature.
 *
 * @throws Malformed
 */
export function chooseSignatureScheme(
  hello: ClientHello,
  groups: Groups,
  curve: CurveName,
): number | undefined {
  // The curve of a certificate must be one of the client's too: RFC 8422 §5.3.
  if (!knowsCurve(groups, curve)) return undefined;
  // Every small device knows ECDSA with SHA-256: RFC 7925 §4.4.
  const known = listIn(hello, extensionType.signatureAlgorithms) ?? new Set([ecdsaSha256]);
  return [namedCurves[curve].signatureScheme, ecdsaSha256, ecdsaSha384].find((scheme) => known.has(scheme));
}

function knowsCurve(groups: Groups, curve: CurveName): boolean {
  return groups?.has(namedCurves[curve].id) ?? true;
}

function listIn({ extensions }: ClientHello, type: number): ReadonlySet<number> | undefined {
  const extension = extensions.get(type);
  if (extension === undefined) return undefined;
  const reader = new ByteReader(extension);
  const list = reader.vector16();
  reader.end();
  return new Set(uint16List(list));
}
