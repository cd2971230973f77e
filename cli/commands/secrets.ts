import type { Command } from 'commander';
import type { SecretView } from '../../client/secrets-client';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { usageError } from '../cli-error';
import { exitCodes } from '../exit-codes';

interface SetOptions extends CommonOptions {
  readonly host: readonly string[];
  readonly variable: string;
}

/** `everframe secrets set|list|delete`: what deliveries authorize themselves with. */
export function addSecretsCommand(program: Command, run: RunApiCommand): void {
  const secrets = program
    .command('secrets')
    .description('secrets that output:http and output:s3 name, for executions of the key’s mode');
  addCommonOptions(secrets.command('set'))
    .argument('<name>', 'such as cms-token')
    .requiredOption('--variable <name>', 'environment variable to read the secret from')
    .requiredOption('--host <host...>', 'where it may be sent, such as cms.example.com or *.amazonaws.com')
    .description(
      'keep a secret, encrypted; it is read from the environment, since words of a command can be seen',
    )
    .action((name: string, { host, variable, ...options }: SetOptions) =>
      run(options, async ({ cli, terminal, client }) => {
        const value = cli.environment[variable]?.trim() ?? '';
        if (value === '') throw usageError(`${variable} is not set: set it to the secret.`);
        const kept = await client.secrets.set(name, { value, hosts: host });
        terminal.answer(kept, () => `kept ${kept.name} (…${kept.last4}) for ${kept.hosts.join(', ')}`);
        return exitCodes.ok;
      }),
    );
  addCommonOptions(secrets.command('list', { isDefault: true }))
    .description('list the secrets by name; never the secrets themselves')
    .action((options: CommonOptions) =>
      run(options, async ({ terminal, client }) => {
        const found = await client.secrets.list();
        terminal.answer(found, () => describeSecrets(found));
        return exitCodes.ok;
      }),
    );
  addCommonOptions(secrets.command('delete'))
    .argument('<name>')
    .description('forget a secret; deliveries that name it fail until it is there again')
    .action((name: string, options: CommonOptions) =>
      run(options, async ({ terminal, client }) => {
        await client.secrets.delete(name);
        terminal.answer({ name }, () => `deleted ${name}`);
        return exitCodes.ok;
      }),
    );
}

function describeSecrets(found: readonly SecretView[]): string {
  const rows = found.map(({ name, hosts, last4, createdAt }) => [
    name,
    hosts.join(', '),
    `…${last4}`,
    createdAt,
  ]);
  return alignColumns([['secret', 'for', 'ends in', 'created'], ...rows]);
}
