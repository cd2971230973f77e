import type { AssetReference } from '../../../workflows/contract';

/** Largest file that is taken from a provider or a user, by type. */
export const ASSET_BYTES_MAX: Readonly<Record<AssetReference['type'], number>> = {
  text: 4 * 1024 * 1024,
  json: 4 * 1024 * 1024,
  image: 256 * 1024 * 1024,
  audio: 512 * 1024 * 1024,
  video: 4 * 1024 * 1024 * 1024,
  file: 1024 * 1024 * 1024,
};
