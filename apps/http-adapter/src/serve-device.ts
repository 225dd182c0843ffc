import type { UploadRequest } from '@rollcall/uplink';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { presentedCredentials } from './credentials.ts';
import { answerNoLogin, type ErrorAnswer } from './device-answers.ts';
import { namedInPath } from './request-head.ts';
import { DeviceExchange, type DeviceContext } from './device-exchange.ts';
import { arrivedBody, readBody } from './request-body.ts';
import { sendError } from './send-error.ts';

/** Serves requests of devices. First it finds out who asks, before a byte of the body is read. */
export interface DeviceService {
  /** Uploads the body, and answers. */
  upload(
    endpoint: UploadRequest['endpoint'],
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply>;
  /** Answers what a device says to a command. */
  respond(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
}

const tooLarge: ErrorAnswer = {
  status: 413,
  text: 'Request body is too large',
  headers: { connection: 'close' },
};

/** The device sends its body once it hears that it is let in (`Expect: 100-continue`, RFC 9110 §10.1.1). */
function waitsToSend({ headers, raw }: FastifyRequest): boolean {
  return headers.expect !== undefined && raw.httpVersion === '1.1';
}

/** A device that is refused may leave out its body. So the next bytes could be the body, or another request. */
function closesUnlessRead(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return waitsToSend(request) ? reply.header('connection', 'close') : reply;
}

export function createDeviceService(context: DeviceContext): DeviceService {
  const { host, realm, authenticationRequired, maxPayloadBytes } = context;
  const isTooLong = ({ headers }: FastifyRequest): boolean =>
    Number(headers['content-length']) > maxPayloadBytes;

  /** Finds out who asks. `undefined`: the request is answered, or its connection is gone. */
  async function identify(
    endpoint: UploadRequest['endpoint'],
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<DeviceExchange | undefined> {
    const presented = presentedCredentials(
      request.headers.authorization,
      request.raw.socket,
      namedInPath(request),
    );
    // A device's own data has no name in its path: whoever sends it must say who he is.
    const isAnybodys = presented === 'missing' && !authenticationRequired && request.method === 'PUT';
    if (typeof presented === 'string' && !isAnybodys) {
      host.access.refused(`credentials-${presented === 'missing' ? 'missing' : 'malformed'}`);
      sendError(closesUnlessRead(request, reply), answerNoLogin(presented, realm));
      return undefined;
    }
    const exchange = new DeviceExchange(context, endpoint, request);
    exchange.listen(reply);
    const refused = typeof presented === 'string' ? exchange.admitAnybody() : await exchange.logIn(presented);
    if (refused) {
      sendError(closesUnlessRead(request, reply), refused);
      return undefined;
    }
    await exchange.committed();
    if (!request.raw.destroyed) {
      if (waitsToSend(request) && !isTooLong(request)) reply.raw.writeContinue();
      return exchange;
    }
    reply.hijack();
    await exchange.serveLeft();
    return undefined;
  }

  return {
    async upload(endpoint, request, reply) {
      const exchange = await identify(endpoint, request, reply);
      if (!exchange) return reply;
      const body = isTooLong(request)
        ? 'too-large'
        : // Mostly it arrived with the head.
          (arrivedBody(request.raw) ?? (await readBody(request.raw, maxPayloadBytes)));
      if (body === 'broken') return reply.hijack();
      if (body === 'too-large' || body.byteLength > maxPayloadBytes) return sendError(reply, tooLarge);
      const problem = await exchange.upload(body);
      return problem ? sendError(reply, problem) : reply.code(202).send();
    },
    async respond(request, reply) {
      const exchange = await identify('event', request, reply);
      return exchange ? sendError(reply, { status: 501, text: 'commands are not supported' }) : reply;
    },
  };
}
