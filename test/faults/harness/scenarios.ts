import { fetchStats } from '../../../src/client/stats.js'
import { AmqpClient } from '../../helpers/amqp-client.js'
import { FaultProxy } from '../../helpers/fault-proxy.js'
import { makeFolder } from '../../helpers/folder.js'
import { ownRabbitmq } from '../../helpers/rabbitmq-server.js'
import type { Random } from '../../helpers/random.js'
import { startSentinel } from '../../helpers/redis-sentinel.js'
import { startRedis } from '../../helpers/redis-server.js'
import { SmallDisk } from '../../helpers/small-disk.js'
import { uniqueName } from '../../helpers/unique.js'
import { until } from '../../helpers/until.js'
import { type Fault, networkFaults, serverFaults } from './fault.js'
import { diskFaults, hubFaults, workerFaults } from './hub-faults.js'
import type { Loss } from './journal.js'
import { clientFaults, lossFaults } from './redis-losses.js'
import { failoverFaults } from './sentinel-faults.js'
import { StagedHub } from './staged-hub.js'
import { type Broker, CHANNELS } from './workload.js'

/** Hubs and what they need, all running, and what can happen to them. */
export interface Stage {
  readonly hubs: readonly StagedHub[]
  readonly faults: readonly Fault[]
  readonly broker?: Broker
  /** What the store loses while they run; only of a store that does. */
  readonly losses?: readonly Loss[]
  stop(): Promise<void>
}

export interface ScenarioOptions {
  readonly random: Random
  /** Whether there is no time for what takes seconds, such as the restart of a broker. */
  readonly isShort: boolean
}

type Scenario = (options: ScenarioOptions) => Promise<Stage>

/** Ways to run hubs, by name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  memory: inMemory,
  leveldb: (options) => onDisk(1, options),
  'leveldb, 2 workers': (options) => onDisk(2, options),
  'two hubs on Redis': onRedis,
  'RabbitMQ, two hubs on Redis': onRabbitmq,
  'two hubs on a Redis that forgets': onForgetfulRedis,
  'two hubs on Redis and Sentinel': onSentinel,
}

/** What ends the hub takes its histories with it, and is left out. */
async function inMemory(): Promise<Stage> {
  const hub = await StagedHub.start('hub', { server: { pingInterval: 1 }, channels: CHANNELS })
  return {
    hubs: [hub],
    faults: hubFaults(hub).filter(({ name }) => !/killed|restarted/.test(name)),
    stop: () => hub.stop(),
  }
}

const DISK_MEGABYTES = 64

async function onDisk(workers: number, { random }: ScenarioOptions): Promise<Stage> {
  const disk = await SmallDisk.make(DISK_MEGABYTES)
  const hub = await StagedHub.start('hub', {
    server: { workers, pingInterval: 1 },
    leveldb: { storageDir: disk.folder },
    default: { cacheAdapter: 'leveldb' },
    channels: CHANNELS,
  })
  return {
    hubs: [hub],
    faults: [
      ...hubFaults(hub),
      ...diskFaults(hub, disk),
      ...(workers > 1 ? workerFaults(hub, random) : []),
    ],
    stop: async () => {
      await hub.stop()
      await disk.stop()
    },
  }
}

async function onRedis(_options: ScenarioOptions, amqp: object[] = []): Promise<Stage> {
  const { folder, clean } = await makeFolder()
  const redis = await startRedis({ appendOnly: true, folder })
  const pair = await startPair(redis.url, amqp)
  return {
    hubs: pair.hubs,
    faults: [...serverFaults('redis', redis), ...pair.faults],
    stop: async () => {
      await pair.stop()
      await redis.stop()
      await clean()
    },
  }
}

/** What else happens than the losses that a scenario is about, so that these come often. */
const BESIDE = /hub: killed|SIGSTOP|connections reset|gets? through/

async function onForgetfulRedis({ random }: ScenarioOptions): Promise<Stage> {
  const { folder, clean } = await makeFolder()
  const args = ['--enable-debug-command', 'local']
  const redis = await startRedis({ appendOnly: true, folder, args })
  const pair = await startPair(redis.url)
  const losses: Loss[] = []
  return {
    hubs: pair.hubs,
    losses,
    faults: [
      ...lossFaults({ redis, folder, random, losses }),
      ...clientFaults(redis, random),
      ...pair.faults.filter(({ name }) => BESIDE.test(name)),
    ],
    stop: async () => {
      await pair.stop()
      await redis.stop()
      await clean()
    },
  }
}

/** Two hubs, each on a way of its own to a Redis, and what happens to them and on those ways. */
async function startPair(url: string, amqp: readonly object[] = []): Promise<Stage> {
  const proxies = [await FaultProxy.start(url), await FaultProxy.start(url)]
  const hubs = await startTwo(
    proxies.map((proxy) => proxy.url),
    amqp,
  )
  return {
    hubs,
    faults: [
      ...hubs.flatMap(hubFaults),
      ...proxies.flatMap((proxy, index) =>
        networkFaults(proxy, 'hub and redis', `hub ${index + 1} and redis`),
      ),
    ],
    stop: async () => {
      for (const hub of hubs) await hub.stop()
      for (const proxy of proxies) await proxy.stop()
    },
  }
}

async function onSentinel(): Promise<Stage> {
  const group = await startSentinel()
  const hubs = await startTwo([group.url, group.url])
  const losses: Loss[] = []
  return {
    hubs,
    losses,
    faults: [
      ...failoverFaults(group, losses),
      ...hubs.flatMap(hubFaults).filter(({ name }) => BESIDE.test(name)),
    ],
    stop: async () => {
      for (const hub of hubs) await hub.stop()
      await group.stop()
    },
  }
}

/** @param urls where each finds its Redis */
async function startTwo(urls: readonly string[], amqp: readonly object[] = []) {
  const hubs: StagedHub[] = []
  for (const [index, url] of urls.entries()) {
    const hub = await StagedHub.start(`hub ${index + 1}`, {
      server: { pingInterval: 1 },
      redis: { url },
      default: { cacheAdapter: 'redis' },
      channels: CHANNELS,
      ...(amqp[index] && { amqp: amqp[index] }),
    })
    hubs.push(hub)
  }
  return hubs
}

async function onRabbitmq(options: ScenarioOptions): Promise<Stage> {
  const server = await ownRabbitmq()
  const exchange = uniqueName()
  const proxies = [await FaultProxy.start(server.url), await FaultProxy.start(server.url)]
  const publishers = await FaultProxy.start(server.url)
  const stage = await onRedis(
    options,
    proxies.map(({ url }) => ({ enabled: true, url, exchange, mode: 'shared', queue: exchange })),
  )
  for (const { url } of stage.hubs) {
    await until(async () => (await fetchStats(url)).amqp?.connected === true)
  }
  const [killed, stopped] = serverFaults('rabbitmq', server) as [Fault, Fault]
  const faults = [
    stopped,
    ...proxies.flatMap((proxy, index) =>
      networkFaults(proxy, 'hub and rabbitmq', `hub ${index + 1} and rabbitmq`),
    ),
    ...networkFaults(publishers, 'publishers and rabbitmq'),
    {
      name: 'rabbitmq: connections closed',
      target: 'rabbitmq',
      begin: () => server.closeConnections('a fault'),
      end: () => {},
    },
    ...(options.isShort ? [] : [killed]),
  ]
  return {
    ...stage,
    faults: [...stage.faults, ...faults],
    broker: { url: publishers.url, exchange },
    stop: async () => {
      await stage.stop()
      for (const proxy of [...proxies, publishers]) await proxy.stop()
      const client = await AmqpClient.connect(server.url)
      await client.channel.deleteQueue(exchange)
      await client.channel.deleteExchange(exchange)
      await client.close()
    },
  }
}
