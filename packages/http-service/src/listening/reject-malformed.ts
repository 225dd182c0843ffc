import type { Socket } from 'node:net';

export type MalformedKind = 'request-timeout' | 'headers-too-large' | 'malformed-request';

export interface RawAnswer {
  readonly status: number;
  readonly title: string;
  readonly contentType: string;
  readonly body: string;
}

/** A message that the HTTP parser refuses never becomes a request, so it is answered on the socket. */
export function rejectMalformed(
  error: NodeJS.ErrnoException,
  socket: Socket,
  answerTo: (kind: MalformedKind) => RawAnswer,
): void {
  const { code = '' } = error;
  // After a TLS handshake that failed or took too long, no peer can read an answer.
  if (!socket.writable || code === 'ECONNRESET' || /^ERR_(?:TLS|SSL)/.test(code)) {
    socket.destroy();
    return;
  }
  const kind: MalformedKind =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? 'request-timeout'
      : code === 'HPE_HEADER_OVERFLOW'
        ? 'headers-too-large'
        : 'malformed-request';
  const { status, title, contentType, body } = answerTo(kind);
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nconnection: close\r\ncontent-type: ${contentType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
