const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { transformSync } = require('@swc/core');

/** What a test file imports of the product is the built module that the process itself runs, not a second copy of it. */
function preferBuilt(project) {
  const rooms = ['activities', 'api', 'pipeline', 'sandbox', 'store', 'worker', 'workflows'];
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (...args) {
    const path = resolve.apply(this, args);
    const room = rooms.find((name) => path.startsWith(`${join(project, name)}/`));
    return room === undefined || !path.endsWith('.ts') ? path : builtPath(project, path);
  };
}

/** Compiles these modules from their sources with a text replaced. A text that is not there once is an error. */
function patchSources(project, patches) {
  const byBuiltPath = new Map();
  for (const patch of patches) {
    const path = builtPath(project, join(project, patch.file));
    byBuiltPath.set(path, [...(byBuiltPath.get(path) ?? []), patch]);
  }
  const load = Module._extensions['.js'];
  Module._extensions['.js'] = (module, filename) => {
    const own = byBuiltPath.get(filename);
    if (own === undefined) return load(module, filename);
    module._compile(compile(project, own), filename);
  };
}

function compile(project, patches) {
  const path = join(project, patches[0].file);
  const source = patches.reduce((text, patch) => replaceOnce(text, patch), readFileSync(path, 'utf8'));
  return transformSync(source, {
    filename: path,
    swcrc: false,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true },
    module: { type: 'commonjs', ignoreDynamic: true },
    sourceMaps: 'inline',
  }).code;
}

function replaceOnce(text, { file, find, replace }) {
  const parts = text.split(find);
  if (parts.length === 2) return parts.join(replace);
  throw new Error(`${file} holds ${parts.length - 1} times what the patch looks for: ${find}`);
}

function builtPath(project, sourcePath) {
  return join(project, 'dist', sourcePath.slice(project.length).replace(/\.ts$/, '.js'));
}

module.exports = { patchSources, preferBuilt };
