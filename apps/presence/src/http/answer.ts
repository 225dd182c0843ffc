import type { FastifyReply } from 'fastify';
import { asOfJson, isoTime, type AsOf } from './as-of.ts';

/** An answer, and how far it reaches. */
export function answer(reply: FastifyReply, asOf: AsOf, json: object): FastifyReply {
  if (asOf.at !== undefined) reply.header('rollcall-as-of', isoTime(asOf.at));
  return reply
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ ...json, 'as-of': asOfJson(asOf) }));
}
