import { resolve } from 'node:path'
import type { Algorithm } from '../access/key.js'
import { parseOrigin } from '../access/origins.js'
import type { FilledFile } from './schema.js'
import { MAX_WORKERS } from './sections.js'
import { defaultStorageDir, storageDirs } from './storage-dir.js'

/** Who may do something to a channel: all, those that a token or key lets, or nobody. */
export type Rule = FilledFile['default']['publish']

/** Where the history of a channel is kept. */
export type CacheAdapter = FilledFile['default']['cacheAdapter']

/** How one channel is. */
export interface ChannelConfig {
  readonly cacheAdapter: CacheAdapter
  /** How many events the history keeps at most. */
  readonly cacheLength: number
  /** Bytes of frames that the history keeps at most; 0 is no limit. */
  readonly cacheBytes: number
  /** Seconds after which an event leaves the history; 0 is never. */
  readonly cacheTtl: number
  readonly allowedOrigins: '*' | readonly string[]
  /** The addresses and CIDR ranges that may publish; undefined is all. */
  readonly restrictPublish: readonly string[] | undefined
  /** Who may publish by POST, of those whom `restrictPublish` lets. */
  readonly publish: Rule
  /** Who may read. */
  readonly subscribe: Rule
  readonly assignIds: boolean
}

/** How tokens and keys are judged, and where they may be sent. */
export type AuthConfig = Omit<FilledFile['auth'], 'keyFile' | 'algorithms' | 'publishKeys'> & {
  /** An absolute path. */
  readonly keyFile: string | undefined
  readonly algorithms: readonly Algorithm[] | undefined
  readonly publishKeys: readonly string[]
}

/** Where the hub's certificate is; both paths absolute. */
export interface TlsConfig {
  readonly cert: string
  readonly key: string
  /** What the key is encrypted with. */
  readonly passphrase: string | undefined
}

/** A checked configuration, complete and never to change; intervals and timeouts in seconds. */
export interface Config {
  readonly server: Omit<
    FilledFile['server'],
    'bind-ip' | 'logdir' | 'threadsPerChannel' | 'trustedProxies'
  > & {
    readonly bindIp: string
    /** How many processes hold the streams. */
    readonly workers: number
    /** The addresses and CIDR ranges of proxies that are believed whom they speak for. */
    readonly trustedProxies: readonly string[]
    /** An absolute path; undefined for no log file. */
    readonly logdir: string | undefined
  }
  /** Undefined for plain HTTP. */
  readonly tls: TlsConfig | undefined
  readonly amqp: FilledFile['amqp']
  readonly redis: Omit<FilledFile['redis'], 'numConnections'>
  readonly auth: AuthConfig
  readonly leveldb: Omit<FilledFile['leveldb'], 'storageDir'> & {
    /** An absolute path; the folder is there only if a channel uses leveldb. */
    readonly storageDir: string
  }
  /** How a channel is that `channels` does not hold. */
  readonly channelDefaults: ChannelConfig
  /** By name. */
  readonly channels: ReadonlyMap<string, ChannelConfig>
}

/**
 * Makes a configuration of a checked file: paths absolute, channels complete.
 *
 * @throws {HubError} `INVALID_CONFIG` if leveldb is in use and there is no folder for it
 */
export function toConfig(file: FilledFile, env: NodeJS.ProcessEnv): Config {
  const {
    'bind-ip': bindIp,
    logdir,
    threadsPerChannel = 1,
    trustedProxies = [],
    ...server
  } = file.server
  const { workers = Math.min(threadsPerChannel, MAX_WORKERS) } = server
  const { numConnections: _, ...redis } = file.redis
  const channelDefaults = toChannel(file.default, file.default)
  const channels = new Map(
    file.channels.map((channel) => [channel.path, toChannel(channel, file.default)]),
  )
  return Object.freeze({
    server: Object.freeze({
      ...server,
      workers,
      bindIp,
      trustedProxies: Object.freeze([...trustedProxies]),
      logdir: logdir && resolve(logdir),
    }),
    tls: toTls(file.tls),
    amqp: Object.freeze({ ...file.amqp }),
    redis: Object.freeze(redis),
    auth: toAuth(file.auth),
    leveldb: Object.freeze({
      sync: file.leveldb.sync,
      storageDir: storageDir(file.leveldb.storageDir, [channelDefaults, ...channels.values()], env),
    }),
    channelDefaults,
    channels,
  })
}

function toTls({ cert, key, passphrase }: FilledFile['tls']): TlsConfig | undefined {
  if (cert === '' || key === '') return undefined
  return Object.freeze({
    cert: resolve(cert),
    key: resolve(key),
    passphrase: passphrase || undefined,
  })
}

/** A channel's own keys, and the defaults for those that it does not have. */
function toChannel(
  channel: FilledFile['channels'][number] | FilledFile['default'],
  defaults: FilledFile['default'],
): ChannelConfig {
  const allowedOrigins = channel.allowedOrigins ?? defaults.allowedOrigins
  const restrictPublish = channel.restrictPublish ?? defaults.restrictPublish
  return Object.freeze({
    cacheAdapter: channel.cacheAdapter ?? defaults.cacheAdapter,
    cacheLength: channel.cacheLength ?? defaults.cacheLength,
    cacheBytes: channel.cacheBytes ?? defaults.cacheBytes,
    cacheTtl: channel.cacheTtl ?? defaults.cacheTtl,
    allowedOrigins: toOrigins(allowedOrigins),
    restrictPublish: restrictPublish && Object.freeze([...restrictPublish]),
    publish: channel.publish ?? defaults.publish,
    subscribe: channel.subscribe ?? defaults.subscribe,
    assignIds: channel.assignIds ?? defaults.assignIds,
  })
}

function toAuth({
  keyFile,
  algorithms,
  publishKeys = [],
  ...auth
}: FilledFile['auth']): AuthConfig {
  return Object.freeze({
    ...auth,
    keyFile: keyFile && resolve(keyFile),
    algorithms: algorithms && Object.freeze([...algorithms]),
    publishKeys: Object.freeze([...publishKeys]),
  })
}

/** The same origins as browsers write them. */
function toOrigins(allowed: '*' | readonly string[]): ChannelConfig['allowedOrigins'] {
  if (allowed === '*' || allowed.includes('*')) return '*'
  return Object.freeze(allowed.map((text) => parseOrigin(text) ?? text))
}

function storageDir(
  configured: string | undefined,
  channels: readonly ChannelConfig[],
  env: NodeJS.ProcessEnv,
): string {
  if (configured !== undefined) return resolve(configured)
  const isUsed = channels.some(({ cacheAdapter }) => cacheAdapter === 'leveldb')
  return isUsed ? defaultStorageDir(env) : (storageDirs(env)[0] as string)
}
