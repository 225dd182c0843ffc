import { normalizeName } from '@rollcall/core/x509';

/** Java writes and reads this keyword for an e-mail address. RFC 2253 has none. */
const emailAddress = /(^|[,;+])\s*emailAddress\s*=\s*([^,;+"\\#<>=\s]+)\s*(?=$|[,;+])/gi;

/** A distinguished name in the form in which Hono stores it (RFC 2253). `undefined`: it cannot be read with certainty. */
export function normalName(written: string): string | undefined {
  return normalizeName(written.replaceAll(emailAddress, inHexadecimal));
}

/** An IA5String, as in every certificate (RFC 5280 appendix A.1). */
function inHexadecimal(whole: string, before: string, address: string): string {
  const bytes = Buffer.from(address, 'latin1');
  if (bytes.length > 127 || /[^\x20-\x7e]/.test(address)) return whole;
  return `${before}1.2.840.113549.1.9.1=#16${bytes.length.toString(16).padStart(2, '0')}${bytes.toString('hex')}`;
}
