import type { Socket } from 'node:net';
import { Problem, problemContentType, type ProblemKind } from './problem.ts';

/** What HTTP's parser refuses never becomes a request: it is answered on the socket itself. */
export function rejectMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  const { code = '' } = error;
  // After a TLS handshake that failed or took too long there is no peer that could read an answer.
  if (!socket.writable || code === 'ECONNRESET' || /^ERR_(?:TLS|SSL)/.test(code)) {
    socket.destroy();
    return;
  }
  const kind: ProblemKind =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? 'request-timeout'
      : code === 'HPE_HEADER_OVERFLOW'
        ? 'headers-too-large'
        : 'malformed-request';
  const { status, document } = new Problem(kind);
  const body = JSON.stringify(document);
  socket.end(
    `HTTP/1.1 ${status} ${document.title}\r\nconnection: close\r\ncontent-type: ${problemContentType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
