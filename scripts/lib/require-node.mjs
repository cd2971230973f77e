const oldest = [20, 20];

/** Throws a clear message on a Node that is too old, before its gaps show as strange errors. */
export function requireNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  const isEnough = major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
  if (isEnough) return;
  throw new Error(
    `Node ${oldest.join('.')} or newer is needed, this is ${version}: install a current Node (nodejs.org, or "nvm install") and run the command again`,
  );
}
