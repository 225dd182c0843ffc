// A floor: dgram as it comes, with our codec, answering every request with 2.04.
import { coapCode } from '@rollcall/coap';
import { decodeMessage, encodeMessage } from '@rollcall/coap/codec';
import { listen } from './udp.mjs';

const nothing = new Uint8Array();
const socket = listen((datagram, { port, address }) => {
  const message = decodeMessage(datagram);
  if ('problem' in message) return;
  const { id, token } = message;
  const answer = encodeMessage({
    type: 'ACK',
    code: coapCode.changed,
    id,
    token,
    options: [],
    payload: nothing,
  });
  socket.send(answer, port, address);
});
