import type { CliConfig } from '../config';
import { choosePorts } from './ports';

/** The five ports of one system. */
export type SystemPorts = Readonly<Record<keyof CliConfig['ports'], number>>;

/**
 * Chooses the system's ports: the user's own, else those this home had last time, else the defaults, else the next free.
 *
 * @param last the ports remembered by this home
 * @throws BringUpError when a port that the user fixed is busy
 */
export function chooseSystemPorts(
  config: CliConfig,
  last: Readonly<Record<string, number>>,
): Promise<SystemPorts> {
  const request = (name: keyof SystemPorts, variable: string, preferred: number, isNeeded = true) => ({
    variable,
    preferred,
    explicit: isNeeded ? config.ports[name] : undefined,
    remembered: last[name],
  });
  const ownTemporal = config.temporalAddress === undefined;
  return choosePorts({
    api: request('api', 'EVERFRAME_PORT', 8080),
    temporal: request('temporal', 'EVERFRAME_TEMPORAL_PORT', 7233, ownTemporal),
    temporalUi: request('temporalUi', 'EVERFRAME_TEMPORAL_UI_PORT', 8233, ownTemporal),
    postgres: request('postgres', 'EVERFRAME_POSTGRES_PORT', 54_329, config.databaseUrl === undefined),
    sandbox: request('sandbox', 'EVERFRAME_SANDBOX_PORT', 8090),
  });
}
