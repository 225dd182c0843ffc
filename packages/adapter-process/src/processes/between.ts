import type { ListenAddress } from '@rollcall/adapter-kit';
import type { ToParent, ToProcess } from '../process-directory/calls.ts';
import type { HealthCheck } from '../health/health-json.ts';

/** What goes between the parent and one of its processes. */
export type FromProcess =
  | { readonly to: 'directory' | 'undertaker'; readonly content: ToParent }
  | { readonly to: 'health'; readonly number: number; readonly content: HealthContent }
  | { readonly to: 'ready'; readonly listening: readonly ListenAddress[] };

export type FromParent =
  | { readonly to: 'directory' | 'undertaker'; readonly content: ToProcess }
  | { readonly to: 'health'; readonly number: number; readonly what: 'readiness' | 'metrics' }
  | { readonly to: 'stop' };

export interface HealthContent {
  readonly checks: readonly HealthCheck[];
  readonly metrics: string;
}
