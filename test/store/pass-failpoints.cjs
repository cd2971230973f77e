// Arms the failpoints from its environment and comes by those named in its arguments, telling each one that it passed.
require('../../scripts/typescript-hook.cjs');
const { armFailpoints, failpoint } = require('../../store/failpoints.ts');

armFailpoints(process.env);
for (const place of process.argv.slice(2)) {
  failpoint(place);
  process.stdout.write(`${place}\n`);
}
