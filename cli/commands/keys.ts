import type { Command } from 'commander';
import type { ApiKeyView, CreatedApiKey } from '../../client/types';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { CliError } from '../cli-error';
import { exitCodes } from '../exit-codes';
import { collect, positiveInteger } from '../option-values';

interface CreateOptions extends CommonOptions {
  readonly name: string;
  readonly scope?: readonly string[];
  readonly expires?: string;
}

interface RotateOptions extends CommonOptions {
  readonly overlap?: number;
}

/** `everframe keys create|list|rotate|revoke`. */
export function addKeysCommand(program: Command, run: RunApiCommand): void {
  const keys = program.command('keys').description('make, list, rotate and revoke API keys');
  addCommonOptions(keys.command('create'))
    .option('--name <name>', 'what the key is for', 'made by everframe keys create')
    .option(
      '--scope <scope>',
      'what it may do, by default all that the calling key may; may be repeated',
      collect,
    )
    .option('--expires <time>', 'when it ends, ISO 8601 such as 2027-01-31T00:00:00Z; never by default')
    .description('make a key of the mode (test unless given); it is shown this once')
    .action(({ name, scope, expires, ...options }: CreateOptions) =>
      run(options, async ({ terminal, client }) => {
        // Without --mode the key is of the mode of the key that asks.
        const created = await client.createApiKey({
          name,
          mode: options.mode,
          scopes: scope,
          expiresAt: expires,
        });
        if (created.key === undefined) throw keyLost(created);
        terminal.answer(created, () => `${created.key}\n${describeNew(created)}`);
        return exitCodes.ok;
      }),
    );
  addCommonOptions(keys.command('list'))
    .description('list the keys of the account, newest first; the keys themselves are stored nowhere')
    .action((options: CommonOptions) =>
      run(options, async ({ terminal, client }) => {
        const found = await client.listApiKeys();
        terminal.answer(found, () => describeKeys(found));
        return exitCodes.ok;
      }),
    );
  addRotateCommand(keys, run);
  addRevokeCommand(keys, run);
}

function addRotateCommand(keys: Command, run: RunApiCommand): void {
  addCommonOptions(keys.command('rotate'))
    .argument('<keyId>')
    .option('--overlap <seconds>', 'how long the old key still works; a day by default', positiveInteger)
    .description('make a key in place of another one; it is shown this once')
    .action((keyId: string, { overlap, ...options }: RotateOptions) =>
      run(options, async ({ terminal, client }) => {
        const made = await client.rotateApiKey(keyId, { overlapSeconds: overlap });
        if (made.key === undefined) throw keyLost(made);
        const { keyId: old, revokedAt } = made.replaces;
        terminal.answer(made, () => `${made.key}\n${describeNew(made)} ${old} works until ${revokedAt}.`);
        return exitCodes.ok;
      }),
    );
}

function addRevokeCommand(keys: Command, run: RunApiCommand): void {
  addCommonOptions(keys.command('revoke'))
    .argument('<keyId>')
    .description('revoke a key at once')
    .action((keyId: string, options: CommonOptions) =>
      run(options, async ({ terminal, client }) => {
        const key = await client.revokeApiKey(keyId);
        terminal.answer(key, () => `revoked ${key.keyId} (${key.name}, …${key.last4})`);
        return exitCodes.ok;
      }),
    );
}

function keyLost({ name, last4 }: CreatedApiKey): CliError {
  return new CliError({
    message: `a key "${name}" that ends in ${last4} was made, but the answer with it was lost. Find it with: npx everframe keys list, revoke it, and make another.`,
    code: 'key_lost',
    exitCode: exitCodes.unreachable,
    details: { last4 },
  });
}

function describeNew({ keyId, name, mode, scopes, expiresAt }: CreatedApiKey): string {
  const end = expiresAt === null ? 'never expires' : `expires ${expiresAt}`;
  return `${mode} key ${keyId} (${name}), ${end}, may: ${scopes.join(', ')}. It is shown this once.`;
}

function describeKeys(found: readonly ApiKeyView[]): string {
  const rows = found.map((key) => [
    key.keyId,
    key.name,
    key.mode,
    `…${key.last4}`,
    key.createdAt,
    key.lastUsedAt ?? 'never',
    key.revokedAt === null ? (key.expiresAt ?? 'never') : `revoked ${key.revokedAt}`,
  ]);
  return alignColumns([['key', 'name', 'mode', 'ends in', 'created', 'last used', 'expires'], ...rows]);
}
