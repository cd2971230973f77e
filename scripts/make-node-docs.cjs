/** Writes docs/nodes.md from the registry: `npm run docs:nodes`. */
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
require('./typescript-hook.cjs');
const { describeNode } = require('../pipeline/catalog-entry.ts');
const { catalogPage } = require('../pipeline/catalog-page.ts');
const { nodeDefinitions } = require('../pipeline/nodes/index.ts');

const path = join(__dirname, '../docs/nodes.md');
writeFileSync(path, catalogPage(nodeDefinitions.map(describeNode)));
console.log(`${nodeDefinitions.length} node types are in docs/nodes.md.`);
