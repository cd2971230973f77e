import { stopTestServers } from './test-servers';

/** Ends what the global setup started and removes its data. */
export default async function globalTeardown(): Promise<void> {
  await stopTestServers();
}
