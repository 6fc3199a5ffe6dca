import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from './port.js'
import { type RedisServer, startRedis } from './redis-server.js'

/** Masters of a cluster, without replicas. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[]
  /** `redis+cluster://` and all nodes. */
  readonly url: string
  stop(): Promise<void>
}

const SLOTS = 16_384

/** Starts a cluster that has all its slots, and in which every node knows that. */
export async function startCluster(size = 3, args: readonly string[] = []): Promise<RedisCluster> {
  const members = await Promise.all(Array.from({ length: size }, () => startNode(args)))
  const nodes = members.map(({ node }) => node)
  const [first, ...others] = members
  for (const { node, bus } of others) {
    await first?.node.command('CLUSTER', 'MEET', '127.0.0.1', node.port, bus)
  }
  for (const [i, node] of nodes.entries()) {
    const [from, to] = [i, i + 1].map((n) => Math.floor((n * SLOTS) / size)) as [number, number]
    await node.command('CLUSTER', 'ADDSLOTSRANGE', from, to - 1)
  }
  await Promise.all(nodes.map((node) => isWhole(node, size)))
  return {
    nodes,
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

async function startNode(args: readonly string[]) {
  const bus = await freePort()
  const cluster = ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`]
  const node = await startRedis({
    args: [...args, ...cluster, '--cluster-node-timeout', '2000'],
  })
  return { node, bus }
}

async function isWhole(node: RedisServer, size: number): Promise<void> {
  for (;;) {
    const info = String(await node.command('CLUSTER', 'INFO'))
    const isKnown = info.includes(`cluster_known_nodes:${size}\r`)
    if (info.includes('cluster_state:ok') && isKnown) return
    await delay(50) // it has no event for this
  }
}
