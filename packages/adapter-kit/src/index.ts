export { onArrival } from './arrival/on-arrival.ts';
export { readArrived } from './arrival/read-arrived.ts';
export { leaseOptions, leaseProblems, leaseSettings } from './leases/lease-options.ts';
export { bind } from './listening/bind.ts';
export { boundRequests } from './listening/bound-requests.ts';
export { destroyUnlessClosed } from './listening/destroy-unless-closed.ts';
export {
  type Listener,
  type Listeners,
  type TlsListener,
  authenticationRequiredOption,
  balancersOption,
  connectionLimit,
  listenerOptions,
  listenerProblems,
  listenersOf,
  tcpOptions,
} from './listening/listener-options.ts';
export { peerAddress, remoteIpOf } from './peers/peer-address.ts';
export { peerCertificate, type PeerCertificate } from './peers/peer-certificate.ts';
export type { SocketPlace } from './peers/pending-sockets.ts';
export { type SocketServerOptions, listenForSockets } from './listening/socket-server.ts';
export { warnOfAnybody } from './listening/warn-of-anybody.ts';
export { tlsServerOptions } from './listening/tls-server-options.ts';
export type { AdapterObserver, FinishedUpload, ObservedState } from './observer/adapter-observer.ts';
export type { AppMetric, AppMetricValue, AppMetrics } from './observer/app-metrics.ts';
export type {
  AdapterHost,
  HostContext,
  ListenAddress,
  ProtocolAdapter,
  RunningProtocol,
} from './protocol-adapter.ts';
export { FrameCutter, type Cut } from './arrival/frame-cutter.ts';
export {
  lengthPrefixFormat,
  lineFormat,
  type FrameBounds,
  type FrameFormat,
  type LengthPrefix,
} from './arrival/frame-format.ts';
export { readFrames } from './arrival/read-frames.ts';
