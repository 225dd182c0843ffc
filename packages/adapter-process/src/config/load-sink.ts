import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, TransportError } from '@rollcall/core';
import type { EventSink, SinkContext, SinkFactory } from '@rollcall/core/sink';

/**
 * Makes a sink by the default export of a module. A specifier that begins with a dot is a file, seen from the working
 * directory; any other is looked up as Node.js does.
 *
 * @throws ConfigError where there is no such module, or it makes no sink.
 * @throws what the factory throws.
 */
export async function loadSink(specifier: string, context: SinkContext): Promise<EventSink> {
  const factory = await importDefault(specifier);
  if (typeof factory !== 'function') throw unusable(specifier, 'its default export is not a function');
  const sink = await made(factory as SinkFactory, context);
  if (!isSink(sink)) throw unusable(specifier, 'what it makes has no name, deliver() and close()');
  return sink;
}

async function made(factory: SinkFactory, context: SinkContext): Promise<unknown> {
  try {
    return await factory(context);
  } catch (error) {
    throw asOurs(error);
  }
}

/** The module may have a copy of the core of its own, and errors of that copy's classes. Their codes are the same. */
function asOurs(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === 'config' && 'coded' in error)
    return new ConfigError(error.coded as ConfigError['coded']);
  if (error.code === 'transport' && 'startCode' in error)
    return new TransportError(error.message, {
      cause: error,
      startCode: error.startCode as TransportError['startCode'],
    });
  return error;
}

async function importDefault(specifier: string): Promise<unknown> {
  const url = specifier.startsWith('.') ? pathToFileURL(resolve(specifier)).href : specifier;
  try {
    const module = (await import(url)) as { readonly default?: unknown };
    return module.default;
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    throw unusable(
      specifier,
      `is neither logging, events or none, nor a module that can be loaded: ${message}`,
    );
  }
}

function isSink(value: unknown): value is EventSink {
  const { name, deliver, close } = (value ?? {}) as Partial<Record<keyof EventSink, unknown>>;
  return (
    typeof name === 'string' && name !== '' && typeof deliver === 'function' && typeof close === 'function'
  );
}

function unusable(specifier: string, why: string): ConfigError {
  const text = `ROLLCALL_CONNECTIONEVENTS_PRODUCER: ${specifier}: ${why}`;
  return new ConfigError([{ code: 'SINK_UNUSABLE', text }]);
}
