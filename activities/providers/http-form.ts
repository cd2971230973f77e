import type { JsonObject } from '../../workflows/contract';
import type { MultipartFile } from './provider';

/** multipart/form-data: lists become repeated fields, what is no text its JSON. */
export function toForm(fields: JsonObject, files: readonly MultipartFile[]): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const each of values) form.append(name, typeof each === 'string' ? each : JSON.stringify(each));
  }
  for (const { field, bytes, mimeType, fileName } of files)
    form.append(field, new Blob([new Uint8Array(bytes)], { type: mimeType }), fileName);
  return form;
}
