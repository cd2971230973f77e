// Makes the first API keys in EVERFRAME_HOME/credentials.json, unless they are there. Used by docker-compose.yml.
const { ensureCredentials } = require('../dist/cli/embedded/home-files');

const home = process.env.EVERFRAME_HOME ?? '.everframe';
const live = ['FAL_KEY', 'OPENAI_API_KEY', 'REPLICATE_API_TOKEN'].some((variable) =>
  Boolean(process.env[variable]),
);
ensureCredentials(home, { url: 'http://127.0.0.1:8080', live });
