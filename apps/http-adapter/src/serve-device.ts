import type { UploadRequest } from '@rollcall/uplink';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { presentedCredentials } from './credentials.ts';
import { answerNoLogin } from './device-answers.ts';
import { namedInPath } from './request-head.ts';
import { DeviceExchange, type DeviceContext } from './device-exchange.ts';
import { sendError } from './send-error.ts';

/** Serves requests of devices: the two hooks of a route, in the order in which fastify calls them. */
export interface DeviceService {
  /** Finds out who asks, before a byte of the body is read. What it answers itself is not handed on. */
  identify(
    endpoint: UploadRequest['endpoint'],
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | void>;
  /** Uploads the body of a request whose device is identified, and answers. */
  upload(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
}

const anyContentType = 'application/octet-stream';

/** The device sends its body once it hears that it is let in (`Expect: 100-continue`, RFC 9110 §10.1.1). */
function waitsToSend({ headers, raw }: FastifyRequest): boolean {
  return headers.expect !== undefined && raw.httpVersion === '1.1';
}

/** A device that is refused may leave out its body. So the next bytes could be the body, or another request. */
function closesUnlessRead(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return waitsToSend(request) ? reply.header('connection', 'close') : reply;
}

export function createDeviceService(context: DeviceContext): DeviceService {
  const { host, realm, authenticationRequired } = context;
  const isTooLong = ({ headers }: FastifyRequest): boolean =>
    Number(headers['content-length']) > context.maxPayloadBytes;
  const exchanges = new WeakMap<FastifyRequest, DeviceExchange>();

  return {
    async identify(endpoint, request, reply) {
      const presented = presentedCredentials(
        request.headers.authorization,
        request.raw.socket,
        namedInPath(request),
      );
      // A device's own data has no name in its path: whoever sends it must say who he is.
      const isAnybodys = presented === 'missing' && !authenticationRequired && request.method === 'PUT';
      if (typeof presented === 'string' && !isAnybodys) {
        host.access.refused(`credentials-${presented === 'missing' ? 'missing' : 'malformed'}`);
        return sendError(closesUnlessRead(request, reply), answerNoLogin(presented, realm));
      }
      const exchange = new DeviceExchange(context, endpoint, request);
      // Any content type is allowed. fastify would refuse some: it does not get to see them.
      if (request.headers['content-type'] !== undefined) request.headers['content-type'] = anyContentType;
      exchange.listen(reply);
      const refused =
        typeof presented === 'string' ? exchange.admitAnybody() : await exchange.logIn(presented);
      if (refused) return sendError(closesUnlessRead(request, reply), refused);
      exchanges.set(request, exchange);
      await exchange.committed();
      if (!request.raw.destroyed) {
        if (waitsToSend(request) && !isTooLong(request)) reply.raw.writeContinue();
        return undefined;
      }
      reply.hijack();
      await exchange.serveLeft();
      return reply;
    },

    async upload(request, reply) {
      const exchange = exchanges.get(request);
      if (!exchange) return sendError(reply, { status: 500, text: 'Internal server error' });
      const problem = await exchange.upload(request.body as Uint8Array | undefined);
      return problem ? sendError(reply, problem) : reply.code(202).send();
    },
  };
}
