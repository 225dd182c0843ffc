// The port of a sink: where connection events go.
export type {
  Delivery,
  EventSink,
  OutboundEvent,
  SinkContext,
  SinkFactory,
  TenantDownstream,
} from './event-sink.ts';
