import type { CertificateProvisioning } from '../amqp/credentials-service.ts';
import type { EdgeProvisioning } from '../amqp/registration-service.ts';

const notFound = { status: 'refused', code: 404 } as const;

/** Without a messaging network nobody could be told of a device: none registers itself. */
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
