/**
 * Loaded into every Node child of the supervisor (node -r): when the supervisor is gone, however it ended, its channel
 * closes and the child ends too, as if it had been asked to, and at the latest after ten seconds.
 */
const lastMomentMs = 10_000;

process.once('disconnect', () => {
  setTimeout(() => process.exit(1), lastMomentMs).unref();
  process.kill(process.pid, 'SIGTERM');
});
// The listener alone would keep a child alive that has finished its own shutdown.
process.channel?.unref();
