import type { HostContext } from '@rollcall/adapter-kit';
import type { FastifyReply } from 'fastify';
import type { ErrorAnswer } from './device-answers.ts';

/** Fastify's texts quote what the client sent. */
const maxTextLength = 200;

/** Answers as Hono does: a JSON object with the text. */
export function sendError(
  reply: FastifyReply,
  { status, text, headers = {} }: Omit<ErrorAnswer, 'headers'> & Partial<ErrorAnswer>,
): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ error: text }));
}

/** Errors of fastify's own: what a client did wrong has a status below 500. */
export function describeError(
  error: unknown,
  { failed }: Pick<HostContext, 'failed'>,
): Pick<ErrorAnswer, 'status' | 'text'> {
  const { statusCode, message } = error as { statusCode?: unknown; message?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return { status: statusCode, text: String(message).slice(0, maxTextLength) };
  failed('http: request', error);
  return { status: 500, text: 'Internal server error' };
}
