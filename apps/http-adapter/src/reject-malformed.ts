import type { Socket } from 'node:net';
import { rejectUnlessWhole } from './late-timeouts.ts';

/** What HTTP's parser refuses never becomes a request: it is answered on the socket itself. */
export function rejectMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  const { code = '' } = error;
  // After a TLS handshake that failed or took too long there is no peer that could read an answer.
  if (!socket.writable || code === 'ECONNRESET' || /^ERR_(?:TLS|SSL)/.test(code)) {
    socket.destroy();
    return;
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    rejectUnlessWhole(socket, () => answer(socket, '408 Request Timeout', 'request took too long'));
  else if (code === 'HPE_HEADER_OVERFLOW')
    answer(socket, '431 Request Header Fields Too Large', 'headers are too large');
  else answer(socket, '400 Bad Request', 'malformed request');
}

function answer(socket: Socket, status: string, text: string): void {
  const body = JSON.stringify({ error: text });
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}
