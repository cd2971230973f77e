import type { Command } from 'commander';
import type { ProviderKeyView } from '../../client/provider-keys-client';
import { PROVIDER_CREDENTIALS } from '../../pipeline/provider-credentials';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { usageError } from '../cli-error';
import { exitCodes } from '../exit-codes';

interface AddOptions extends CommonOptions {
  readonly name?: string;
  readonly variable?: string;
}

/** `everframe provider-keys add|list|delete`, with the live key unless told otherwise. */
export function addProviderKeysCommand(program: Command, run: RunApiCommand): void {
  const keys = program
    .command('provider-keys')
    .description('the account’s own keys at providers, used by its live executions in place of the server’s');
  const runLive: RunApiCommand = (options, body) => run({ ...options, mode: options.mode ?? 'live' }, body);
  addCommonOptions(keys.command('add'))
    .argument('<provider>', 'such as fal')
    .option(
      '--variable <name>',
      'environment variable to read the key from; by default the vendor’s, such as FAL_KEY',
    )
    .option('--name <name>', 'what the key is for')
    .description(
      'keep a key, encrypted; it is read from the environment, since words of a command can be seen',
    )
    .action((provider: string, { name, variable, ...options }: AddOptions) =>
      runLive(options, async ({ cli, terminal, client }) => {
        const key = readKey(cli.environment, provider, variable);
        const kept = await client.providerKeys.add({ provider, key, name });
        terminal.answer(kept, () => `kept ${kept.providerKeyId} for ${kept.provider} (…${kept.last4})`);
        return exitCodes.ok;
      }),
    );
  addCommonOptions(keys.command('list', { isDefault: true }))
    .description('list the keys by provider; never the keys themselves')
    .action((options: CommonOptions) =>
      runLive(options, async ({ terminal, client }) => {
        const found = await client.providerKeys.list();
        terminal.answer(found, () => describeKeys(found));
        return exitCodes.ok;
      }),
    );
  addCommonOptions(keys.command('delete'))
    .argument('<providerKeyId>')
    .description('forget a key; jobs that were sent under it wait until it is added again')
    .action((providerKeyId: string, options: CommonOptions) =>
      runLive(options, async ({ terminal, client }) => {
        await client.providerKeys.delete(providerKeyId);
        terminal.answer({ providerKeyId }, () => `deleted ${providerKeyId}`);
        return exitCodes.ok;
      }),
    );
}

function readKey(environment: NodeJS.ProcessEnv, provider: string, given: string | undefined): string {
  const variable = given ?? PROVIDER_CREDENTIALS[provider];
  if (variable === undefined) {
    const known = Object.keys(PROVIDER_CREDENTIALS).join(', ');
    throw usageError(`There is no provider "${provider}". There are: ${known}.`);
  }
  const key = environment[variable]?.trim() ?? '';
  if (key === '')
    throw usageError(`${variable} is not set: set it to the key, or name another with --variable.`);
  return key;
}

function describeKeys(found: readonly ProviderKeyView[]): string {
  const rows = found.map(({ provider, providerKeyId, name, last4, createdAt }) => [
    ...[provider, providerKeyId, name, `…${last4}`, createdAt],
  ]);
  return alignColumns([['provider', 'key', 'name', 'ends in', 'created'], ...rows]);
}
