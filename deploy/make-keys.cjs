// Makes the first API keys in EVERFRAME_HOME/credentials.json, unless they are there. Used by docker-compose.yml.
const { ensureCredentials } = require('../dist/cli/embedded/home-files');
const { configuredProviders } = require('../dist/pipeline/provider-credentials');

const home = process.env.EVERFRAME_HOME ?? '.everframe';
const live = configuredProviders(process.env).length > 0;
ensureCredentials(home, { url: 'http://127.0.0.1:8080', live });
