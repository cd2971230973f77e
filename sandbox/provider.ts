import type { Router } from 'express';
import type { Services } from './core/services';

/** A simulated provider: its id is its path prefix and its name in the ledger. */
export interface SandboxProvider {
  readonly id: string;
  /** Routes below `/<id>`; bodies arrive as raw bytes in `request.body`. */
  readonly routes: (services: Services) => Router;
}
