import type { FastifyReply } from 'fastify';
import { asOfJson, isoTime, type AsOf } from './as-of.ts';

/** An answer, and how far it reaches. */
export function answer(reply: FastifyReply, asOf: AsOf, json: object): FastifyReply {
  return answerText(reply, asOf, JSON.stringify(json));
}

/** @param text of an object in JSON that is not empty. */
export function answerText(reply: FastifyReply, asOf: AsOf, text: string): FastifyReply {
  if (asOf.at !== undefined) reply.header('rollcall-as-of', isoTime(asOf.at));
  return reply
    .type('application/json; charset=utf-8')
    .send(`${text.slice(0, -1)},"as-of":${JSON.stringify(asOfJson(asOf))}}`);
}
