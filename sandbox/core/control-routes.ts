import express, { type Router } from 'express';
import { faultPlanSchema } from './faults';
import { jsonBody } from './visit';
import type { Services } from './services';

/** The sandbox's own doors, under /_sandbox: ledger, jobs, fault plan, health. */
export function controlRoutes({ ledger, faults, jobs }: Services): Router {
  const router = express.Router();
  router.get('/health', (_request, response) => void response.json({ status: 'ok' }));
  router.get('/ledger', (request, response) => {
    const { provider, since } = request.query;
    const after = Number(since);
    response.json({
      entries: ledger.entries({
        provider: typeof provider === 'string' ? provider : undefined,
        since: Number.isFinite(after) ? after : undefined,
      }),
    });
  });
  router.get('/jobs', (_request, response) => {
    response.json({ jobs: jobs.all().map(({ input: _input, recipes: _recipes, ...job }) => job) });
  });
  router.get('/faults', (_request, response) => void response.json(faults.view()));
  router.post('/faults', (request, response) => {
    const plan = faultPlanSchema.safeParse(jsonBody(request));
    if (!plan.success)
      return void response.status(400).json({ error: 'invalid fault plan', issues: plan.error.issues });
    faults.replace(plan.data);
    jobs.release();
    response.json(faults.view());
  });
  router.delete('/faults', (_request, response) => {
    faults.clear();
    jobs.release();
    response.json(faults.view());
  });
  return router;
}
