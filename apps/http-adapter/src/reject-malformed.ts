import type { Socket } from 'node:net';

/** What HTTP's parser refuses never becomes a request: it is answered on the socket itself. */
export function rejectMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  const { code = '' } = error;
  // After a TLS handshake that failed or took too long there is no peer that could read an answer.
  if (!socket.writable || code === 'ECONNRESET' || /^ERR_(?:TLS|SSL)/.test(code)) {
    socket.destroy();
    return;
  }
  const [status, text] =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ['408 Request Timeout', 'request took too long']
      : code === 'HPE_HEADER_OVERFLOW'
        ? ['431 Request Header Fields Too Large', 'headers are too large']
        : ['400 Bad Request', 'malformed request'];
  const body = JSON.stringify({ error: text });
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}
