const reading = ['GET', 'HEAD'] as const;

const paths: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^\/v1\/tenants$/, [...reading, 'POST']],
  [/^\/v1\/tenants\/[^/]+$/, [...reading, 'POST', 'PUT', 'DELETE']],
  [/^\/v1\/devices\/[^/]+$/, [...reading, 'POST', 'DELETE']],
  [/^\/v1\/devices\/[^/]+\/[^/]+$/, [...reading, 'POST', 'PUT', 'DELETE']],
  [/^\/v1\/credentials\/[^/]+\/[^/]+$/, [...reading, 'PUT']],
  [/^\/(?:openapi\.json|started|readiness|liveness|metrics)$/, reading],
];

/** The methods of a path; `undefined`: there is no such path. */
export function allowedMethods(path: string): readonly string[] | undefined {
  return paths.find(([pattern]) => pattern.test(path))?.[1];
}
