import { startTestServers } from './test-servers';

/** Starts PostgreSQL and Temporal once for all integration tests; jest's workers inherit the addresses and the folder. */
export default async function globalSetup(): Promise<void> {
  const servers = await startTestServers();
  process.env['DATABASE_URL'] = servers.databaseUrl;
  process.env['TEMPORAL_ADDRESS'] = servers.temporalAddress;
  process.env['TMPDIR'] = servers.tempFolder;
}
