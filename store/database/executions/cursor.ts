/** The cursor of a list was not made by us, or was changed on its way. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
  constructor() {
    super('the cursor is not valid: take it from nextCursor of the page before, or leave it out');
  }
}

/** Opaque to callers: the last id of the page. */
export function encodeCursor(lastId: string): string {
  return Buffer.from(lastId).toString('base64url');
}

/** @throws InvalidCursorError */
export function decodeCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!/^[a-z]{2,3}_[A-Za-z0-9]{1,64}$/.test(id) || encodeCursor(id) !== cursor)
    throw new InvalidCursorError();
  return id;
}
