import { Histogram, type Registry } from 'prom-client';
import { openRegistry } from '../metrics/open-registry';

/** Held answers and streams last up to a minute and more: they are counted apart by their routes. */
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface ApiMetrics {
  readonly registry: Registry;
  /** @param route - The pattern, such as `/api/v1/workflows/:id`; undefined where none fits. */
  requestEnded(request: {
    readonly method: string;
    readonly route: string | undefined;
    readonly status: number;
    readonly seconds: number;
  }): void;
}

/** Of one API process. Labels are of closed sets alone: routes, statuses, providers, models; never accounts or ids. */
export function createApiMetrics(): ApiMetrics {
  const registry = openRegistry('api');
  const requests = new Histogram({
    name: 'everframe_http_request_duration_seconds',
    help: 'Time until an answer was sent, by route, method and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: REQUEST_SECONDS,
    registers: [registry],
  });
  return {
    registry,
    requestEnded: ({ method, route, status, seconds }) =>
      requests.observe({ method: knownMethod(method), route: route ?? 'none', status }, seconds),
  };
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);

function knownMethod(method: string): string {
  return METHODS.has(method) ? method : 'other';
}
