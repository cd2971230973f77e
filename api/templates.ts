import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const exampleSchema = z.object({
  nodes: z.array(
    z.looseObject({
      type: z.string().optional(),
      data: z.looseObject({ nodeType: z.string().optional(), text: z.string().optional() }).optional(),
    }),
  ),
  edges: z.array(z.looseObject({})),
  triggerData: z.record(z.string(), z.unknown()).default({}),
  workflows: z.record(z.string(), z.unknown()).optional(),
});

/** A graph to begin with. */
export interface Template {
  readonly id: string;
  readonly name: string;
  /** Of its first note. */
  readonly description: string;
  readonly nodeTypes: readonly string[];
  readonly nodes: readonly object[];
  readonly edges: readonly object[];
  readonly triggerData: Readonly<Record<string, unknown>>;
}

let templates: Promise<readonly Template[]> | undefined;

/** The examples of this release; read once. */
export function readTemplates(): Promise<readonly Template[]> {
  return (templates ??= readExamples());
}

async function readExamples(): Promise<readonly Template[]> {
  const folder = findExamples();
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).toSorted();
  const found = await Promise.all(files.map((file) => readExample(folder, file)));
  return found.flatMap((template) => template ?? []);
}

/** Undefined for one that comes with workflows of its own: they would have to be saved first. */
async function readExample(folder: string, file: string): Promise<Template | undefined> {
  const example: unknown = JSON.parse(await readFile(path.join(folder, file), 'utf8'));
  const { nodes, edges, triggerData, workflows } = exampleSchema.parse(example);
  if (workflows !== undefined) return undefined;
  const id = path.basename(file, '.json');
  const words = id.replaceAll('-', ' ');
  const nodeTypes = new Set(nodes.flatMap(({ data }) => data?.nodeType ?? []));
  return {
    id,
    name: `${words.charAt(0).toUpperCase()}${words.slice(1)}`,
    description: nodes.find(({ data }) => data?.text !== undefined)?.data?.text ?? '',
    nodeTypes: [...nodeTypes],
    ...{ nodes, edges, triggerData },
  };
}

/** Sources lie at the top of the project, compiled files one folder deeper. */
function findExamples(): string {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    const examples = path.join(folder, 'examples');
    if (existsSync(path.join(examples, 'text-to-image-upscale.json'))) return examples;
    if (path.dirname(folder) === folder) throw new Error(`There are no examples beside ${__dirname}.`);
  }
}
