// Loaded into each process of the product before anything else (NODE_OPTIONS): gives it a resolver of the test's own and
// writes down every address that a socket is opened to, so that a hit need not be on a port that somebody listens at.
// What leads to a public address is written down, too, and goes nowhere.
const { appendFileSync } = require('node:fs');
const dns = require('node:dns');
const net = require('node:net');

const PUBLIC = { address: '93.184.215.14', family: 4 };
const LOOPBACK = { address: '127.0.0.1', family: 4 };
const file = process.env.EVERFRAME_TEST_SOCKETS;
const record = (address, port) => appendFileSync(file, `${process.pid} ${address} ${port}\n`);

// Each name of its own kind; what is not listed is at loopback.
const asked = new Map();
const answers = {
  // Turns private with its second answer, as a name of a rebinding attack does.
  rebind: (name) => {
    const times = asked.get(name) ?? 0;
    asked.set(name, times + 1);
    return [times % 2 === 0 ? PUBLIC : LOOPBACK];
  },
  both: () => [PUBLIC, LOOPBACK],
  mapped: () => [{ address: '::ffff:127.0.0.1', family: 6 }],
  public: () => [PUBLIC],
};

dns.promises.lookup = async (name) => (answers[name.split('.')[0]] ?? (() => [LOOPBACK]))(name);

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function watched(...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  const isTcp = typeof options === 'object' && options !== null && options.path === undefined;
  if (isTcp) {
    this.on('connectionAttempt', (address, port) => record(address, port));
    if (typeof options.lookup === 'function') options.lookup = stopPublic(options.lookup, options.port);
  }
  return connect.apply(this, given);
};

/** The judged address of a name is in the answer: a public one ends here. */
function stopPublic(lookup, port) {
  return (name, options, callback) =>
    lookup(name, options, (error, address, family) => {
      const found = Array.isArray(address) ? address.map((each) => each.address) : [address];
      if (error || !found.includes(PUBLIC.address)) return callback(error, address, family);
      for (const each of found) record(each, port);
      callback(Object.assign(new Error('No packets leave this test.'), { code: 'ECONNREFUSED' }));
    });
}
