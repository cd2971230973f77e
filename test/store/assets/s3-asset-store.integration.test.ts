import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AssetStoreUnavailableError } from '../../../store/assets/asset-store';
import { createS3AssetStore } from '../../../store/assets/s3-asset-store';
import { readS3Settings, type S3Settings } from '../../../store/assets/s3-settings';
import { startS3Server, type S3Server } from '../../support/s3-server';
import { describeAssetStore } from './asset-store-contract';

/** The server is built the first time. */
const BUILD_TIMEOUT_MS = 600_000;
const options = { mimeType: 'text/plain', maxBytes: 1_000 };
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server();
}, BUILD_TIMEOUT_MS);
afterAll(() => server.stop());

describeAssetStore('in S3', (folder) => createS3AssetStore(server.settings, folder));

describe('the asset store in S3', () => {
  const temps = join(tmpdir(), `everframe-s3-temps-${process.pid}`);
  const storeWith = (change: Partial<S3Settings>) =>
    createS3AssetStore({ ...server.settings, ...change }, temps);

  it('signs what it asks: a wrong secret is turned down, and said so without it', async () => {
    const credentials = {
      ...server.settings.credentials,
      accessKeyId: 'everframe-test',
      secretAccessKey: 'wrong',
    };
    const refused = storeWith({ credentials }).put('acc_1', Buffer.from('x'), options);
    await expect(refused).rejects.toBeInstanceOf(AssetStoreUnavailableError);
    await expect(refused).rejects.toThrow('it refused our key');
    await expect(refused).rejects.not.toThrow('wrong');
  });

  it('says which setting to mend when there is no such bucket', async () => {
    const put = storeWith({ bucket: 'no-such-bucket' }).put('acc_1', Buffer.from('x'), options);
    await expect(put).rejects.toThrow('EVERFRAME_S3_BUCKET');
  });

  it('takes nothing unsigned: the bucket is closed to the world', async () => {
    const sha256 = createHash('sha256').update('secret').digest('hex');
    await storeWith({}).put('acc_1', Buffer.from('secret'), options);
    const { endpoint, bucket } = server.settings;
    const answer = await fetch(`${endpoint}/${bucket}/here/acc_1/${sha256.slice(0, 2)}/${sha256}`);
    expect(answer.status).toBe(403);
  });

  it('gives up uploads in parts that were cut off', async () => {
    const { endpoint, region, credentials, bucket } = server.settings;
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'here/acc_1/aa/cut-off' }));

    expect(await storeWith({}).removeStaleTemps(3_600_000)).toBe(0);
    expect(await storeWith({}).removeStaleTemps(-60_000)).toBeGreaterThanOrEqual(1);
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(Uploads).toEqual([]);
    client.destroy();
  });
});

describe('the settings of S3', () => {
  it('are none without a bucket', () => {
    expect(readS3Settings({ EVERFRAME_S3_BUCKET: '' })).toBeUndefined();
  });

  it('put the bucket into the path where an endpoint is given', () => {
    const given = {
      EVERFRAME_S3_BUCKET: 'media',
      EVERFRAME_S3_PREFIX: 'a/b',
      EVERFRAME_S3_ENDPOINT: 'https://s3.example',
    };
    expect(readS3Settings(given)).toMatchObject({ pathStyle: true, prefix: 'a/b/', region: 'us-east-1' });
    expect(readS3Settings({ EVERFRAME_S3_BUCKET: 'media' })).toMatchObject({ pathStyle: false, prefix: '' });
  });

  it('name every fault at once', () => {
    const read = () => readS3Settings({ EVERFRAME_S3_BUCKET: 'X', EVERFRAME_S3_ENDPOINT: 'file:///etc' });
    expect(read).toThrow(/EVERFRAME_S3_BUCKET.*EVERFRAME_S3_ENDPOINT/);
    expect(() => readS3Settings({ EVERFRAME_S3_ACCESS_KEY_ID: 'a' })).toThrow('or neither');
  });
});
