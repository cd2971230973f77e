/**
 * Loaded into every Node child of the supervisor (node -r): its errors name lines of the TypeScript sources. In the main
 * thread alone, where the flag --enable-source-maps is for all: in a thread of workflows Node would then search each
 * piece of code that Temporal's SDK evaluates for a map, several times for each promise.
 */
if (require('node:worker_threads').isMainThread) process.setSourceMapsEnabled(true);
