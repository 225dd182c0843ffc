import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { expect } from 'vitest';

export const authority = createCertificateAuthority('CN=ca,O=Acme');

export const cert = Buffer.from(authority.der).toString('base64');

export const fault = { error: expect.any(String) };

export const acme = '/v1/tenants/acme';
