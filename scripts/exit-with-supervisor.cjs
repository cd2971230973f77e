/**
 * Loaded into every Node child of the supervisor (node -r): when the supervisor is gone, however it ended, its channel
 * closes and the child ends too. A child that listens for this itself drains in its own way; any other is asked with
 * SIGTERM. Whoever is still there after fifteen seconds is ended.
 */
const lastMomentMs = 15_000;

process.once('disconnect', () => {
  setTimeout(() => process.exit(1), lastMomentMs).unref();
  if (process.listenerCount('disconnect') === 0) process.kill(process.pid, 'SIGTERM');
});
// The listener alone would keep a child alive that has finished its own shutdown.
process.channel?.unref();
