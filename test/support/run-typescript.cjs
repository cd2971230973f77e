/**
 * Lets plain Node run this project's TypeScript (node -r this-file), for tests that need a whole process of their own
 * and must not depend on a build.
 */
const { transformFileSync } = require('@swc/core');

require.extensions['.ts'] = (module, path) => module._compile(transformFileSync(path).code, path);
