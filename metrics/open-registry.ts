import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry with what Node tells of its process: memory, event loop, handles, garbage collection. */
export function openRegistry(process: 'api' | 'worker'): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ process });
  collectDefaultMetrics({ register: registry });
  return registry;
}
