import { join } from 'node:path';
import type { CliConfig } from '../config';
import { startPostgres } from './postgres';
import { type Report, withProgress } from './progress';
import type { ProcessObserver } from './supervised-process';
import { startTemporal } from './temporal';
import { findTemporal } from './temporal-binary';
import { prepareNamespace } from './temporal-namespace';

export interface BackendOptions {
  readonly config: CliConfig;
  readonly ports: { readonly postgres: number; readonly temporal: number; readonly temporalUi: number };
  readonly observer: ProcessObserver;
  readonly report: Report;
}

/** The database in use: the user's own, or the embedded one. */
export async function provideDatabase(options: BackendOptions): Promise<string> {
  const { config, ports, observer, report } = options;
  if (config.databaseUrl !== undefined) return config.databaseUrl;
  const postgres = await withProgress('starting PostgreSQL', report, () =>
    startPostgres(
      {
        folder: join(config.home, 'postgres'),
        port: ports.postgres,
        logPath: join(config.home, 'logs', 'postgres.log'),
        isDurable: true,
      },
      observer,
    ),
  );
  return postgres.databaseUrl;
}

/** The Temporal server in use; the Web UI's address is known only for the embedded one, or by the user's setting. */
export interface TemporalBackend {
  readonly address: string;
  readonly uiUrl?: string | undefined;
}

/** The Temporal server in use: the user's own, or the embedded one with its namespace brought up to date. */
export async function provideTemporal(options: BackendOptions): Promise<TemporalBackend> {
  const { config, ports, report } = options;
  if (config.temporalAddress !== undefined) {
    return { address: config.temporalAddress, uiUrl: config.environment['EVERFRAME_TEMPORAL_UI_URL'] };
  }
  const program = await findTemporal({
    cacheFolder: config.cacheFolder,
    path: config.environment['PATH'] ?? '',
    report,
  });
  const temporal = await withProgress('starting Temporal', report, () =>
    startTemporal(
      {
        program,
        port: ports.temporal,
        uiPort: ports.temporalUi,
        databasePath: join(config.home, 'temporal', 'temporal.db'),
        logPath: join(config.home, 'logs', 'temporal.log'),
      },
      options.observer,
    ),
  );
  await prepareNamespace({ program, address: temporal.address, httpUrl: temporal.httpUrl });
  return { address: temporal.address, uiUrl: `http://127.0.0.1:${ports.temporalUi}` };
}
