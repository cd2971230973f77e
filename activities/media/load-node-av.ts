import type * as api from 'node-av/api' with { 'resolution-mode': 'import' };
import type * as constants from 'node-av/constants' with { 'resolution-mode': 'import' };
import type * as library from 'node-av/lib' with { 'resolution-mode': 'import' };

/** FFmpeg 8 as an npm package: its high-level interface, its plain bindings and its constants. */
export interface NodeAv {
  readonly api: typeof api;
  readonly library: typeof library;
  readonly constants: typeof constants;
}

/** Loads node-av, an ES module that wants a function newer than Node 20. For media child processes only. */
export async function loadNodeAv(): Promise<NodeAv> {
  addWithResolvers();
  const [api, library, constants] = await Promise.all([
    import('node-av/api'),
    import('node-av/lib'),
    import('node-av/constants'),
  ]);
  library.Log.setLevel(constants.AV_LOG_ERROR);
  return { api, library, constants };
}

/** `Promise.withResolvers` came with Node 22; the demuxer of node-av 6.1 calls it. */
function addWithResolvers(): void {
  if ('withResolvers' in Promise) return;
  const value = (): unknown => {
    const deferred: Record<string, unknown> = {};
    deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
    return deferred;
  };
  Object.defineProperty(Promise, 'withResolvers', { value, configurable: true, writable: true });
}
