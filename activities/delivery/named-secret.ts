import { accountSecrets, deliveryKind } from '../../store/database/account-secrets';
import { hostsOf, mayGoTo } from '../../store/named-secret';
import { openSecret, UnsealableError } from '../../store/secret-box';
import type { StepInput } from '../../workflows/contract';
import type { ActivityDependencies } from '../dependencies';
import { StepError } from '../to-application-failure';

/**
 * A secret of the account, for one host. It is read when it is sent, and stands in no history, log or error.
 *
 * @throws StepError `DeliveryFailed` where there is none of the name, or it is not for this host
 */
export async function readNamedSecret(
  { database, settings }: Pick<ActivityDependencies, 'database' | 'settings'>,
  { accountId, mode, nodeId }: StepInput,
  name: string,
  host: string,
): Promise<string> {
  const refuse = (message: string): never => {
    throw new StepError('DeliveryFailed', `Node "${nodeId}": ${message}`);
  };
  const found = await accountSecrets.listSealed(database, accountId, deliveryKind(mode));
  const secret = found.find((each) => each.name === name);
  if (secret === undefined)
    return refuse(
      `there is no secret "${name}" for ${mode} executions. Keep it by PUT /api/v1/secrets/${name}.`,
    );
  if (!mayGoTo(hostsOf(secret.label), host))
    return refuse(
      `the secret "${name}" is for ${secret.label}, not for ${host}. Name the host when you keep it.`,
    );
  try {
    return openSecret([settings.secret], secret.sealed);
  } catch (error) {
    if (!(error instanceof UnsealableError)) throw error;
    return refuse(
      `the secret "${name}" can be read no more, since EVERFRAME_ASSET_SECRET was changed. Keep it again.`,
    );
  }
}
