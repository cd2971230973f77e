import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { addCommonOptions, type ApiContext, type CommonOptions, type RunApiCommand } from '../api-command';
import { type ExitCode, exitCodes } from '../exit-codes';

interface BundleOptions extends CommonOptions {
  readonly output?: string;
}

/** `everframe bundle <executionId>`: saves all that a replay offline needs. */
export function addBundleCommand(program: Command, run: RunApiCommand): void {
  addCommonOptions(program.command('bundle'))
    .argument('<executionId>')
    .option('-o, --output <file>', 'where to, <executionId>.tar unless given')
    .description('save an ended execution with its files as one archive, for everframe replay')
    .action((executionId: string, options: BundleOptions) =>
      run(options, (context) => saveBundle(context, executionId, options)),
    );
}

async function saveBundle(
  { cli, terminal, client }: ApiContext,
  executionId: string,
  { output }: BundleOptions,
): Promise<ExitCode> {
  const file = resolve(cli.workingFolder, output ?? `${executionId.replace(/[^\w.-]/g, '_')}.tar`);
  const partial = `${file}.partial`;
  const chunks = await client.downloadBundle(executionId);
  try {
    await pipeline(Readable.from(chunks), createWriteStream(partial));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  const { size: bytes } = await stat(file);
  terminal.answer(
    { executionId, file, bytes },
    () => `${file} (${bytes} bytes)\nReplay it: npx everframe replay ${file}`,
  );
  return exitCodes.ok;
}
