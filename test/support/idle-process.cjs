// Stands where the supervisor starts a process that a test runs itself: ready at once, and does nothing until it is told to stop.
const idle = setInterval(() => undefined, 60_000);
const stop = () => {
  clearInterval(idle);
  if (process.connected) process.disconnect();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
process.once('disconnect', stop);
process.send?.({ ready: true });
