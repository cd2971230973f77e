import { inputSchema, outputSchema, type AppDefinition } from '../pipeline/app-definition';
import type { App } from '../store/database/workflows/apps';
import type { JsonObject } from '../workflows/contract';

/** OpenAPI 3.1 of one app: what it takes and gives by name and type. */
export function appOpenApi(app: App, definition: AppDefinition, publicUrl: string): JsonObject {
  const { slug, name, description, version } = app;
  const inputs = Object.fromEntries(definition.inputs.map((input) => [input.name, inputSchema(input)]));
  const outputs = Object.fromEntries(definition.outputs.map((output) => [output.name, outputSchema(output)]));
  const required = definition.inputs.filter((input) => input.required).map((input) => input.name);
  return {
    openapi: '3.1.0',
    info: { title: name, version: String(version ?? 0), description },
    servers: [{ url: publicUrl }],
    components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
    security: [{ apiKey: [] }],
    paths: {
      [`/api/v1/apps/${slug}`]: {
        post: {
          operationId: slug.replaceAll('-', '_'),
          summary: name,
          requestBody: {
            required: required.length > 0,
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  required: required.length > 0 ? ['inputs'] : [],
                  properties: {
                    inputs: { type: 'object', additionalProperties: false, required, properties: inputs },
                  },
                },
              },
            },
          },
          responses: { '201': answer(outputs) },
        },
      },
    },
  };
}

function answer(outputs: JsonObject): JsonObject {
  const schema = {
    type: 'object',
    properties: {
      executionId: { type: 'string' },
      execution: { type: 'object', properties: { status: { type: 'string' } } },
      outputs: { type: 'object', properties: outputs },
    },
  };
  return {
    description: 'It runs or has ended: `execution.status` says which.',
    content: { 'application/json': { schema } },
  };
}
