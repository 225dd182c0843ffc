import type { ListenAddress } from '@rollcall/adapter-kit';
import type { ToParent, ToProcess } from '../process-directory/calls.ts';
import type { HealthCheck } from '../health/health-json.ts';
import type { PortAnswer } from './shared-ports.ts';

/** What goes between the parent and one of its processes. */
export type FromProcess =
  | { readonly to: 'directory' | 'undertaker'; readonly content: ToParent }
  | { readonly to: 'health'; readonly number: number; readonly content: HealthContent }
  | { readonly to: 'ports'; readonly number: number; readonly wanted: ListenAddress }
  /** A sign of life. */
  | { readonly to: 'parent' }
  | { readonly to: 'ready'; readonly listening: readonly ListenAddress[] }
  /** Nothing is left of what a former process had: it ends by itself. */
  | { readonly to: 'retired' };

export type FromParent =
  | { readonly to: 'directory' | 'undertaker'; readonly content: ToProcess }
  | { readonly to: 'health'; readonly number: number; readonly what: 'readiness' | 'metrics' }
  | { readonly to: 'ports'; readonly number: number; readonly answer: PortAnswer }
  | { readonly to: 'stop' };

/** How often a process shows its parent that its event loop turns. */
export const signOfLifeEveryMs = 1_000;

export interface HealthContent {
  readonly checks: readonly HealthCheck[];
  readonly metrics: string;
}
