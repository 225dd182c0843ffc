// What an adapter listens with: the options of its ports, the ports, and who is on the other side of a network connection.
export { bind } from './listening/bind.ts';
export { warnOfBlockedPort } from './listening/blocked-ports.ts';
export { boundRequests } from './listening/bound-requests.ts';
export { destroyUnlessClosed } from './listening/destroy-unless-closed.ts';
export {
  authenticationRequiredOption,
  balancersOption,
  connectionLimit,
  type Listener,
  listenerOptions,
  listenerProblems,
  type Listeners,
  listenersOf,
  tcpOptions,
} from './listening/listener-options.ts';
export { sendHeartBeats } from './listening/send-heart-beats.ts';
export { listenForSockets, type SocketServerOptions } from './listening/socket-server.ts';
export { warnOfAnybody } from './listening/warn-of-anybody.ts';
export { peerAddress, remoteIpOf } from './peers/peer-address.ts';
export { peerCertificate, type PeerCertificate } from './peers/peer-certificate.ts';
export type { SocketPlace } from './peers/pending-sockets.ts';
