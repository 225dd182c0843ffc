import rhea from 'rhea';
import type { ReceivedRequest } from './read-request.ts';
import type { ServiceAnswer } from './service-answer.ts';

/** The parts of an answer that do not depend on the service. */
export interface AnswerContext {
  readonly endpoint: string;
  readonly request: Pick<ReceivedRequest, 'correlationId' | 'properties'>;
  /** A unique id. */
  readonly messageId: string;
}

/** The message of an answer, as Hono's registry writes it (`docs/hono-compatibility.md` §18). */
export function answerMessage(answer: ServiceAnswer, context: AnswerContext): rhea.Message {
  const { endpoint, request, messageId } = context;
  const { correlationId } = request;
  // As an int: rhea would make it an uint, which Hono's clients do not read.
  const status = rhea.types.wrap_int(answer.status);
  if (answer.kind === 'failure')
    return {
      correlation_id: correlationId,
      content_type: 'text/plain',
      application_properties: { status },
      body: data(answer.text),
    };
  const { tenant, cacheControl, body } = answer;
  const asked = request.properties['device_id'];
  const device = typeof asked === 'string' ? asked : undefined;
  return {
    message_id: messageId,
    correlation_id: correlationId,
    to: [endpoint, tenant, device].filter((part) => part !== undefined).join('/'),
    content_type: 'application/json',
    application_properties: {
      status,
      ...(tenant !== undefined && { tenant_id: tenant }),
      ...(device !== undefined && { device_id: device }),
      ...(cacheControl !== undefined && { cache_control: cacheControl }),
    },
    ...(body && { body: data(JSON.stringify(body)) }),
  } as rhea.Message;
}

function data(text: string): unknown {
  return rhea.message.data_section(Buffer.from(text));
}
