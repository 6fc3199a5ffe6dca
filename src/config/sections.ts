import Type from 'typebox'
import { ALGORITHMS } from '../access/key.js'
import { flag, host, neverRead, path, secretUrl, text, whole } from './field.js'

/** More processes than that help no machine. */
export const MAX_WORKERS = 64

/** The sections and their keys; those with a default are always there once a file is checked. */
export const SECTIONS = {
  server: {
    port: whole(0, 65_535, { default: 8080, description: 'The TCP port; 0 takes a free one.' }),
    'bind-ip': host('0.0.0.0', 'The IP address or host name to listen on; "::" is all, IPv6 too.'),
    logdir: path('The folder in which the hub also appends its log, to ssehub.log.'),
    pingInterval: whole(1, 3600, {
      default: 5,
      description: 'Seconds after which a subscriber that was sent nothing gets a ping.',
    }),
    pingEvent: flag(false, 'Whether a ping is an event named "ping", rather than a comment.'),
    workers: Type.Optional(
      whole(1, MAX_WORKERS, {
        description:
          'How many processes hold the streams, for machines with many cores; ' +
          'by default what threadsPerChannel says, else 1: all is in one process.',
      }),
    ),
    threadsPerChannel: Type.Optional(
      whole(1, 1024, {
        description: 'The original\'s name for "workers"; no more than 64 are run.',
      }),
    ),
    allowUndefinedChannels: flag(
      true,
      'Whether channels that "channels" does not list may be used.',
    ),
    enablePost: flag(true, 'Whether events can be published by HTTP POST.'),
    trustedProxies: Type.Optional(
      Type.Array(Type.String({ format: 'range' }), {
        description:
          'The addresses and CIDR ranges of proxies that are believed what X-Forwarded-For or ' +
          'Forwarded says; none if absent.',
      }),
    ),
    stallTimeout: whole(1, 3600, {
      default: 60,
      description: 'Seconds after which a subscriber that reads nothing is closed.',
    }),
    maxPendingBytes: whole(0, 1_099_511_627_776, {
      default: 67_108_864,
      description:
        'Bytes that readers who do not read hold in one process at most, before those that have ' +
        'stalled longest are closed; 0 is no limit.',
    }),
    maxConnections: Type.Optional(
      whole(0, 10_000_000, {
        description:
          'Connections at most, of all processes together; 0, or more than the limit of open ' +
          'files allows, is what that allows; by default that, but at most 100,000.',
      }),
    ),
    maxConnectionsPerIp: whole(0, 10_000_000, {
      default: 20_000,
      description: 'Connections at most of one IPv4 address, or of one IPv6 /64; 0 is no limit.',
    }),
    publishRatePerIp: whole(0, 10_000_000, {
      default: 20_000,
      description: 'Events a second that one IPv4 address or IPv6 /64 may POST; 0 is no limit.',
    }),
    publishRatePerKey: whole(0, 10_000_000, {
      default: 20_000,
      description:
        'Events a second that may be POSTed with one publish key, or by one ' +
        'subject of tokens; 0 is no limit.',
    }),
    maxChannels: whole(0, 10_000_000, {
      default: 10_000,
      description: 'Channels that may be open which "channels" does not list; 0 is no limit.',
    }),
    channelIdleTtl: whole(0, 315_360_000, {
      default: 86_400,
      description:
        'Seconds after which a channel is closed that "channels" does not list and nobody uses: ' +
        'in memory its history is gone, elsewhere it is opened again when wanted; 0 is never.',
    }),
    maxChannelNameLength: whole(1, 128, {
      default: 128,
      description: 'Characters that the name of a channel may have which "channels" does not list.',
    }),
    maxEventBytes: whole(64, 67_108_864, {
      default: 8_192_000,
      description: 'Bytes that the JSON of an event may have.',
    }),
    maxHeaderBytes: whole(1024, 1_048_576, {
      default: 16_384,
      description: 'Bytes that the head of a request may have.',
    }),
    headersTimeout: whole(0, 3600, {
      default: 10,
      description: 'Seconds in which the head of a request has to be there; 0 is no limit.',
    }),
    requestTimeout: whole(0, 3600, {
      default: 30,
      description: 'Seconds in which all of a request has to be there; 0 is no limit.',
    }),
  },
  tls: {
    cert: text(
      '',
      "A file with the hub's certificate, and those that lead to its authority, in PEM; " +
        'with it and "key" the port speaks HTTPS, by HTTP/2 and HTTP/1.1.',
    ),
    key: text('', 'A file with the private key of the certificate, in PEM.'),
    passphrase: Type.Optional(
      Type.String({ writeOnly: true, description: 'What the key is encrypted with, if it is.' }),
    ),
  },
  amqp: {
    enabled: flag(false, 'Whether events are taken from a RabbitMQ broker, too.'),
    host: host('127.0.0.1', 'The IP address or host name of the broker.'),
    port: whole(1, 65_535, { default: 5672, description: 'The TCP port of the broker.' }),
    user: text('guest', 'The user to log in as.'),
    password: Type.String({
      writeOnly: true,
      default: 'guest',
      description: 'The password of the user.',
    }),
    vhost: text('/', 'The virtual host.'),
    url: secretUrl(
      'amqp-url',
      'amqp:// or amqps://, in place of host, port, user, password and vhost.',
    ),
    tls: flag(false, 'Whether to talk TLS to the broker; an amqps:// url does so anyway.'),
    ca: path('A file with the certificates that the broker is trusted by, in PEM.'),
    exchange: text('amq.fanout', 'The exchange to take events from; made if it is not there.'),
    exchangeType: Type.Enum(['fanout', 'direct', 'topic'], {
      default: 'fanout',
      description: 'The type that the exchange is made with.',
    }),
    routingkey: text('', 'The routing key to bind to the exchange with; for a topic "" is "#".'),
    mode: Type.Enum(['transient', 'durable', 'shared'], {
      default: 'transient',
      description:
        'Whose queue it is: of this connection, of this hub, or of all hubs that share a Redis.',
    }),
    queue: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'The name of a lasting queue.' }),
    ),
    prefetch: whole(1, 10_000, {
      default: 300,
      description: 'How many events the broker sends ahead of their being taken.',
    }),
    heartbeatInterval: whole(0, 3600, {
      default: 30,
      description: 'Seconds between heartbeats; 0 is none.',
    }),
  },
  redis: {
    host: host('127.0.0.1', 'The IP address or host name of the server.'),
    port: whole(1, 65_535, { default: 6379, description: 'The TCP port of the server.' }),
    prefix: text('ssehub', 'What the names of all keys begin with.'),
    user: Type.Optional(Type.String({ description: 'The user to log in as.' })),
    password: Type.Optional(
      Type.String({ writeOnly: true, description: 'The password of the user.' }),
    ),
    url: secretUrl(
      'redis-url',
      'redis://, redis+sentinel:// or redis+cluster://, or those with rediss for TLS, ' +
        'in place of host, port, user and password.',
    ),
    tls: flag(false, 'Whether to talk TLS to the server; a rediss:// url does so anyway.'),
    ca: path('A file with the certificates that the server is trusted by, in PEM.'),
    sharded: flag(false, 'Whether to use the sharded publish/subscribe of Redis 7.'),
    window: whole(0, 1_000_000, {
      default: 1024,
      description:
        'How many recent events of a channel Redis holds besides the history, for hubs that ' +
        'were cut off.',
    }),
    expire: whole(0, 31_536_000, {
      default: 0,
      description: 'Seconds after its last event that Redis forgets a channel; 0 is never.',
    }),
    numConnections: neverRead('never read; one connection is enough'),
  },
  auth: {
    key: Type.Optional(
      Type.String({
        minLength: 1,
        writeOnly: true,
        description:
          'What tokens are verified with: a secret, or a public key as PEM or JSON Web Key.',
      }),
    ),
    keyFile: path('The file that holds the key, in place of "key"; read again when it changes.'),
    jwksUrl: Type.Optional(
      Type.String({
        format: 'http-url',
        description: 'Where the set of public keys is, in place of "key".',
      }),
    ),
    algorithms: Type.Optional(
      Type.Array(Type.Enum([...ALGORITHMS]), {
        minItems: 1,
        description: 'The only ones that tokens may be signed with; by default all of the key.',
      }),
    ),
    issuer: Type.Optional(
      Type.String({ minLength: 1, description: 'The "iss" that tokens have to have.' }),
    ),
    audience: Type.Optional(
      Type.String({ minLength: 1, description: 'The "aud" that tokens have to have.' }),
    ),
    clockTolerance: whole(0, 3600, {
      default: 0,
      description: 'Seconds by which the clocks of this hub and of the issuer may differ.',
    }),
    cookie: Type.Optional(
      Type.String({
        format: 'cookie',
        description: 'The cookie that a token may be in; none if absent.',
      }),
    ),
    allowQuery: flag(false, 'Whether a token may be in the query, as "access_token".'),
    publishKeys: Type.Optional(
      Type.Array(Type.String({ format: 'bearer', writeOnly: true }), {
        description: 'Keys that each let their bearer publish to all channels.',
      }),
    ),
    stats: Type.Enum(['public', 'token'], {
      default: 'public',
      description: "Who may see the hub's figures.",
    }),
  },
  leveldb: {
    storageDir: path('The folder that holds the histories; by default one in your home folder.'),
    sync: flag(false, 'Whether every commit waits for the disk, which survives a power cut, too.'),
  },
  default: {
    ...channelKeys({
      cacheAdapter: { default: 'memory' },
      cacheLength: { default: 500 },
      cacheBytes: { default: 67_108_864 },
      cacheTtl: { default: 0 },
      allowedOrigins: { default: '*' },
      publish: { default: 'public' },
      subscribe: { default: 'public' },
      assignIds: { default: false },
    }),
    enablePost: neverRead('never read; server.enablePost is the key that counts'),
  },
}

/** The name of a section. */
export type SectionName = keyof typeof SECTIONS

/** The keys of a channel; those of `default` have defaults. */
export function channelKeys(defaults: {
  cacheAdapter?: { default: string }
  cacheLength?: { default: number }
  cacheBytes?: { default: number }
  cacheTtl?: { default: number }
  allowedOrigins?: { default: string }
  publish?: { default: string }
  subscribe?: { default: string }
  assignIds?: { default: boolean }
}) {
  return {
    cacheAdapter: Type.Enum(['memory', 'leveldb', 'redis'], {
      ...defaults.cacheAdapter,
      description: 'Where the history is kept; "memory" forgets it when the hub stops.',
    }),
    cacheLength: whole(0, 1_000_000, {
      ...defaults.cacheLength,
      description: 'How many events the history keeps at most.',
    }),
    cacheBytes: whole(0, 1_099_511_627_776, {
      ...defaults.cacheBytes,
      description: 'Bytes of events that the history keeps at most; 0 is no limit.',
    }),
    cacheTtl: whole(0, 315_360_000, {
      ...defaults.cacheTtl,
      description: 'Seconds after which an event leaves the history; 0 is never.',
    }),
    allowedOrigins: Type.Union([Type.Literal('*'), Type.Array(Type.String({ format: 'origin' }))], {
      ...defaults.allowedOrigins,
      description: 'The origins whose pages may read: "*" is all; a list is compared exactly.',
    }),
    publish: Type.Enum(['public', 'token', 'nobody'], {
      ...defaults.publish,
      description: 'Who may publish by POST, of those whom restrictPublish lets.',
    }),
    subscribe: Type.Enum(['public', 'token', 'nobody'], {
      ...defaults.subscribe,
      description: 'Who may read the stream and the history.',
    }),
    restrictPublish: Type.Optional(
      Type.Array(Type.String({ format: 'range' }), {
        description: 'The addresses and CIDR ranges that may publish: [] is nobody, absent is all.',
      }),
    ),
    assignIds: Type.Boolean({
      ...defaults.assignIds,
      description: 'Whether an event without an id is given one, and is so kept in the history.',
    }),
  }
}
