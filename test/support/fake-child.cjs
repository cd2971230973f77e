/**
 * Stands in for API, worker and sandbox in tests of the supervisor: writes its environment to its log, says that it is
 * ready, and ends on SIGTERM. With FAKE_CHILD_FAILS set it ends at once, after a last word.
 */
if (process.env.FAKE_CHILD_FAILS) {
  console.log('the disk is on fire');
  process.exit(3);
}
console.log(JSON.stringify(process.env));
const alive = setInterval(() => undefined, 60_000);
process.once('SIGTERM', () => clearInterval(alive));
process.send({ ready: true });
