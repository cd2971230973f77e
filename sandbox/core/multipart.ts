/** A part that is a file. */
export interface FilePart {
  readonly field: string;
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

export interface Multipart {
  readonly fields: Readonly<Record<string, string>>;
  readonly files: readonly FilePart[];
}

/** multipart/form-data, read by Node itself; undefined when it is something else. */
export async function readMultipart(
  body: unknown,
  contentType: string | undefined,
): Promise<Multipart | undefined> {
  if (!Buffer.isBuffer(body) || !contentType?.startsWith('multipart/form-data')) return undefined;
  try {
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': contentType },
    }).formData();
    const fields: Record<string, string> = {};
    const files: FilePart[] = [];
    for (const [field, value] of form.entries()) {
      if (typeof value === 'string') fields[field] = value;
      else
        files.push({
          field,
          name: value.name,
          contentType: value.type,
          bytes: Buffer.from(await value.arrayBuffer()),
        });
    }
    return { fields, files };
  } catch {
    return undefined;
  }
}

/** A file part as a source for recipes. */
export function asDataUri({ contentType, bytes }: FilePart): string {
  return `data:${contentType};base64,${bytes.toString('base64')}`;
}
