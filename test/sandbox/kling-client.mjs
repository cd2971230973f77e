// Drives the sandbox with the npm package kling-api (not ours), which is an ES module: one JSON document in, one out.
import { KlingAPI } from 'kling-api';

const [baseUrl, call] = process.argv.slice(2);
const { kind, params } = JSON.parse(call);
const api = new KlingAPI({ accessKey: 'ak', secretKey: 'sk', baseUrl: 'https://unused.example' });
// It insists on https, which a server on loopback has no certificate for.
api.client.defaults.baseURL = baseUrl;

const calls = {
  text: [(input) => api.textToVideo(input), (id) => api.queryTextToVideoTask(id)],
  image: [(input) => api.imageToVideo(input), (id) => api.queryImageToVideoTask(id)],
  images: [(input) => api.multiImageToVideo(input), (id) => api.queryMultiImageToVideoTask(id)],
  avatar: [(input) => api.createAvatar(input), (id) => api.queryAvatarTask(id)],
};
const [create, query] = calls[kind];
try {
  const created = await create(params);
  const result = await api.waitForVideoResult(created.data.task_id, query, { interval: 50, timeout: 60_000 });
  const byOurs = params.external_task_id && (await query(params.external_task_id));
  console.log(JSON.stringify({ created, result, byOurs }));
} catch (error) {
  console.log(JSON.stringify({ error: { message: error.message, code: error.code, status: error.status } }));
}
