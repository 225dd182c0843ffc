import type { CertificateProvisioning } from '../amqp/credentials-service.ts';
import type { EdgeProvisioning } from '../amqp/registration-service.ts';

const notFound = { status: 'refused', code: 404 } as const;

/** Registers nothing. Without a messaging network, the event about a new device could not be sent. */
export const noProvisioning: {
  readonly edge: EdgeProvisioning;
  readonly certificate: CertificateProvisioning;
} = {
  edge: {
    provision: async () => notFound,
    sendEvent: async () => ({ status: 'registered' }),
  },
  certificate: {
    provision: async () => notFound,
    sendEvent: async () => 'sent',
  },
};
