/** node-av is an ES module that expects `Promise.withResolvers`, which Node has only since 22. */
export async function loadNodeAv() {
  if (!('withResolvers' in Promise)) Object.assign(Promise, { withResolvers });
  const [api, lib, constants] = await Promise.all([
    import('node-av/api'),
    import('node-av/lib'),
    import('node-av/constants'),
  ]);

  lib.Log.setLevel(constants.AV_LOG_ERROR);
  return { api, lib, constants };
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
