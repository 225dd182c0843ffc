import type { SendOutcome } from '@rollcall/amqp-connection/links';
import type { UploadFailure, UploadOutcome } from '@rollcall/core/device-data';

const failure = (status: UploadFailure['status'], text: string): UploadOutcome => ({
  status: 'failed',
  failure: { status, text },
});

const accepted: UploadOutcome = { status: 'accepted' };
const unavailable = failure(503, 'Temporarily unavailable');

/** What the outcome of a message means for the device that sent it (`docs/hono-compatibility.md` §4). */
export function uploadOutcome(outcome: SendOutcome): UploadOutcome {
  switch (outcome.status) {
    case 'accepted':
      return accepted;
    case 'rejected':
      return rejected(outcome.condition, outcome.description);
    case 'released':
      return failure(503, "consumer didn't process the message");
    case 'modified':
      return outcome.undeliverableHere
        ? failure(404, 'consumer declared message as undeliverable, it should not be redelivered')
        : failure(503, "consumer didn't process the message");
    // As in Hono: the peer did not report an outcome in the agreed way.
    case 'unsettled':
    case 'settled-without-outcome':
      return failure(500, 'Internal server error');
    case 'no-credit':
      return failure(503, 'no consumer available');
    case 'timeout':
      return failure(503, 'consumer failed to indicate in time whether it has processed the message');
    case 'attach-refused':
      return outcome.condition === 'amqp:internal-error'
        ? failure(500, 'Internal server error')
        : unavailable;
    case 'disconnected':
    case 'aborted':
      return unavailable;
    default:
      return outcome satisfies never;
  }
}

function rejected(condition: string | undefined, description: string | undefined): UploadOutcome {
  switch (condition) {
    case 'amqp:resource-limit-exceeded':
      return failure(
        503,
        'consumer rejected the message because a resource limit was exceeded, possibly a (tenant-specific) queue size limit',
      );
    case 'amqp:unauthorized-access':
      return failure(403, description ?? 'not authorized');
    case 'amqp:internal-error':
      return failure(500, 'Internal server error');
    default:
      return failure(400, description ?? 'consumer rejected the message');
  }
}
