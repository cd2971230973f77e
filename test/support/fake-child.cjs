/**
 * Stands in for API, worker and sandbox in tests of the supervisor: writes its environment to its log, listens on its
 * port, says that it is ready, and ends on SIGTERM. With FAKE_CHILD_FAILS set it ends at once, after a last word.
 */
const { createServer } = require('node:net');

if (process.env.FAKE_CHILD_FAILS) {
  console.log('the disk is on fire');
  process.exit(3);
}
console.log(JSON.stringify(process.env));
const ports = { api: process.env.EVERFRAME_PORT, sandbox: process.env.EVERFRAME_SANDBOX_PORT };
const server = createServer();
server.listen(Number(ports[process.env.EVERFRAME_PROCESS] ?? 0), '127.0.0.1', () =>
  process.send({ ready: true }),
);
process.once('SIGTERM', () => server.close());
