const reading = ['GET', 'HEAD'] as const;

const paths: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^\/v1\/tenants\/[^/]+\/devices\/[^/]+$/, [...reading, 'DELETE']],
  [/^\/v1\/tenants\/[^/]+\/devices\/[^/]+\/(?:history|at)$/, reading],
  [/^\/v1\/tenants\/[^/]+\/(?:devices|endings|summary|timeline)$/, reading],
  [/^\/v1\/tenants\/[^/]+\/watch$/, ['GET']],
  [/^\/v1\/adapters$/, reading],
  [/^\/v1\/tenants$/, reading],
  [/^\/v1\/devices:query$/, ['POST']],
  [/^\/(?:assets\/[\w.-]+)?$/, reading],
  [/^\/(?:openapi\.json|started|readiness|liveness|metrics)$/, reading],
];

/** The methods of a path; `undefined`: there is no such path. */
export function allowedMethods(path: string): readonly string[] | undefined {
  return paths.find(([pattern]) => pattern.test(path))?.[1];
}
