/** The file is no bundle that this release can replay; the message is for whoever gave it. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
}
