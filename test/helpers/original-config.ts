/** What the README of the original hub shows as its configuration file. */
export const ORIGINAL_CONFIG = {
  server: {
    port: 8080,
    'bind-ip': '0.0.0.0',
    logdir: './',
    pingInterval: 5,
    threadsPerChannel: 2,
    allowUndefinedChannels: true,
  },
  amqp: {
    enabled: false,
    host: '127.0.0.1',
    port: 5672,
    user: 'guest',
    password: 'guest',
    exchange: 'amq.fanout',
  },
  redis: { host: '127.0.0.1', port: 6379, prefix: 'ssehub' },
  leveldb: { storageDir: '/tmp' },
  default: {
    cacheAdapter: 'leveldb',
    cacheLength: 500,
    allowedOrigins: '*',
    restrictPublish: ['127.0.0.1'],
  },
  channels: [
    { path: 'test', allowedOrigins: ['https://some.host'], cacheLength: 5 },
    { path: 'test2', cacheAdapter: 'memory', restrictPublish: ['10.0.0.0/8'] },
  ],
}
