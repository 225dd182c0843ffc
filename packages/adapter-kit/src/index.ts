// The contract of a protocol adapter with its host. What its code listens with: listening.ts, arrival.ts, lease-options.ts.
export type { AdapterObserver, FinishedUpload, ObservedState } from './observer/adapter-observer.ts';
export type { AppMetric, AppMetrics } from './observer/app-metrics.ts';
export type {
  AdapterHost,
  HostContext,
  ListenAddress,
  PortToBind,
  ProtocolAdapter,
  RunningProtocol,
} from './protocol-adapter.ts';
