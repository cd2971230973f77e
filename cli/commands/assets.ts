import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { AssetFilters, AssetView, ListedAsset, Page } from '../../client/types';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { CliError } from '../cli-error';
import { exitCodes } from '../exit-codes';
import { positiveInteger } from '../option-values';

/** `everframe assets [list|upload|get]`: files of the account, uploaded or made. */
export function addAssetsCommand(program: Command, run: RunApiCommand): void {
  const assets = program.command('assets').description('upload, list and fetch files');
  addListCommand(assets, run);
  addUploadCommand(assets, run);
  addGetCommand(assets, run);
}

function addListCommand(assets: Command, run: RunApiCommand): void {
  addCommonOptions(assets.command('list', { isDefault: true }))
    .addOption(
      new Option('--type <type>', 'only those of this type').choices([
        ...['image', 'video', 'audio', 'file', 'text', 'json'],
      ]),
    )
    .option('--limit <count>', 'at most this many, 1 to 100', positiveInteger, 20)
    .option('--cursor <cursor>', 'go on after the page before')
    .description('list them, newest first')
    .action(({ json, mode, ...filters }: AssetFilters & CommonOptions) =>
      run({ json, mode }, async ({ terminal, client }) => {
        const page = await client.listAssets(filters);
        terminal.answer(page, () => describePage(page));
        return exitCodes.ok;
      }),
    );
}

function addUploadCommand(assets: Command, run: RunApiCommand): void {
  addCommonOptions(assets.command('upload'))
    .argument('<file>')
    .description('store a file; a graph takes it as {"assetId": "…"} in an input node')
    .action((file: string, options: CommonOptions) =>
      run(options, async ({ cli, terminal, client }) => {
        const asset = await client.uploadAsset(await openFile(resolve(cli.workingFolder, file)));
        terminal.answer(asset, () => describeAsset(asset));
        return exitCodes.ok;
      }),
    );
}

function addGetCommand(assets: Command, run: RunApiCommand): void {
  addCommonOptions(assets.command('get'))
    .argument('<assetId>')
    .option('--out <file>', 'save its bytes there')
    .description('show what an asset is, with a URL of its bytes')
    .action((assetId: string, { out, ...options }: CommonOptions & { readonly out?: string }) =>
      run(options, async ({ cli, terminal, client }) => {
        const asset = await client.getAsset(assetId);
        if (out !== undefined) {
          await writeFile(resolve(cli.workingFolder, out), await client.downloadAsset(asset));
        }
        terminal.answer(asset, () => describeAsset(asset));
        return exitCodes.ok;
      }),
    );
}

/** Read piece by piece while it is sent: a clip may be larger than memory. */
async function openFile(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch {
    const message = `${path} cannot be read. Give the path of a file.`;
    throw new CliError({ message, code: 'file_unreadable', exitCode: exitCodes.refused });
  }
}

function describePage({ data, nextCursor }: Page<ListedAsset>): string {
  if (data.length === 0) return 'no assets';
  const rows = data.map((asset) => [
    ...[asset.assetId, asset.mimeType, `${asset.bytes} bytes`, measuresOf(asset), asset.createdAt],
  ]);
  const table = alignColumns([['asset', 'type', 'size', 'measures', 'created'], ...rows]);
  return nextCursor === null ? table : `${table}\n\nMore with: --cursor ${nextCursor}`;
}

function describeAsset(asset: AssetView): string {
  const measures = measuresOf(asset);
  return [
    `${asset.assetId}: ${asset.mimeType}, ${asset.bytes} bytes${measures === '' ? '' : `, ${measures}`}`,
    asset.url,
  ].join('\n');
}

function measuresOf({ width, height, durationSeconds }: AssetView): string {
  const size = width === undefined ? [] : [`${width} × ${height}`];
  const length = durationSeconds === undefined ? [] : [`${Number(durationSeconds.toFixed(2))} s`];
  return [...size, ...length].join(', ');
}
