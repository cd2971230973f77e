import { type Command, Option } from 'commander';
import type { ReviewDecisionInput, ReviewFilters, ReviewView } from '../../client/review-types';
import type { Page } from '../../client/types';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { exitCodes } from '../exit-codes';
import { positiveInteger } from '../option-values';

/** `everframe reviews [list|approve|reject|replace]`: what runs ask persons to decide. */
export function addReviewsCommand(program: Command, run: RunApiCommand): void {
  const reviews = program.command('reviews').description('list and decide what runs ask a person');
  addListCommand(reviews, run);
  addDecision(reviews, 'approve', 'let it go on', run);
  addDecision(reviews, 'reject', 'take the other way; the comment may feed the next round', run);
  addDecision(reviews, 'replace', 'put an asset, or a text, in its place and let that go on', run);
}

function addListCommand(reviews: Command, run: RunApiCommand): void {
  reviews
    .command('list', { isDefault: true })
    .option('--json', 'print one JSON document and nothing else on stdout')
    .addOption(
      new Option('--state <state>', 'only those of this state')
        .choices(['open', 'decided', 'timed_out', 'closed', 'all'])
        .default('open'),
    )
    .option('--execution-id <id>', 'only those of this execution')
    .addOption(new Option('--mode <mode>', 'only those of this mode').choices(['test', 'live']))
    .option('--limit <count>', 'at most this many, 1 to 100', positiveInteger, 20)
    .option('--cursor <cursor>', 'go on after the page before')
    .description('list them, newest first')
    .action(({ json, ...filters }: ReviewFilters & CommonOptions) =>
      run({ json }, async ({ terminal, client }) => {
        const page = await client.listReviews(filters);
        terminal.answer(page, () => describePage(page));
        return exitCodes.ok;
      }),
    );
}

function addDecision(
  reviews: Command,
  decision: ReviewDecisionInput['decision'],
  description: string,
  run: RunApiCommand,
): void {
  const command = addCommonOptions(reviews.command(decision))
    .argument('<reviewId>')
    .option('--comment <text>', 'what to say to it')
    .description(description);
  if (decision === 'replace')
    command.option('--asset <assetId>', 'for media').option('--text <text>', 'for a text');
  command.action(
    (
      reviewId: string,
      {
        json,
        comment,
        asset,
        text,
      }: CommonOptions & Record<'comment' | 'asset' | 'text', string | undefined>,
    ) =>
      run({ json }, async ({ terminal, client }) => {
        const review = await client.decideReview(reviewId, {
          decision,
          ...(comment === undefined ? {} : { comment }),
          ...(asset === undefined ? {} : { assetId: asset }),
          ...(text === undefined ? {} : { value: text }),
        });
        terminal.answer(review, () => describeReview(review));
        return exitCodes.ok;
      }),
  );
}

function describePage({ data, nextCursor }: Page<ReviewView>): string {
  if (data.length === 0) return 'Nothing waits for a person.';
  const rows = data.map((review) => [
    review.reviewId,
    review.state,
    review.executionId,
    review.step,
    review.title,
    shown(review.value),
  ]);
  const table = alignColumns([['REVIEW', 'STATE', 'EXECUTION', 'STEP', 'TITLE', 'VALUE'], ...rows]);
  return nextCursor === null ? table : `${table}\nmore: --cursor ${nextCursor}`;
}

function describeReview({ step, executionId, decision, comment }: ReviewView): string {
  return `${step} of ${executionId}: ${decision ?? 'open'}${comment === '' ? '' : `, "${comment}"`}`;
}

/** Where to look at it. */
function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'url' in value) return String(value.url);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
