import type { CertificateProvisioning } from '../amqp/credentials-service.ts';
import type { EdgeProvisioning } from '../amqp/registration-service.ts';

const notFound = { status: 'refused', code: 404 } as const;

/** Without a messaging network no event about a device could be sent, so none registers itself. */
export const noProvisioning: {
  readonly edge: EdgeProvisioning;
  readonly certificate: CertificateProvisioning;
} = {
  edge: {
    provision: async () => notFound,
    tellOf: async () => ({ status: 'registered' }),
  },
  certificate: {
    provision: async () => notFound,
    tellOf: async () => 'told',
  },
};
