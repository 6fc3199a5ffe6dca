import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolderOfRun } from './folder.js'
import { type RedisServer, startRedis } from './redis-server.js'

/** A master with a replica, and a sentinel that makes the replica the master when it has to. */
export interface RedisSentinel {
  readonly master: RedisServer
  readonly replica: RedisServer
  readonly sentinel: RedisServer
  /** `redis+sentinel://` and the sentinel and the name of the master. */
  readonly url: string
  /** Kills the master; resolves when the replica has taken its place. */
  failOver(): Promise<void>
  stop(): Promise<void>
}

const NAME = 'the-master'

/** Starts the three; the sentinel knows the replica when this resolves. */
export async function startSentinel(): Promise<RedisSentinel> {
  const master = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] })
  const replica = await startRedis({
    args: ['--replicaof', '127.0.0.1', `${master.port}`],
    ready: /sync: Finished with success/,
  })
  const folder = makeFolderOfRun()
  const file = join(folder, 'sentinel.conf')
  const lines = [
    `monitor ${NAME} 127.0.0.1 ${master.port} 1`,
    `down-after-milliseconds ${NAME} 500`,
    `failover-timeout ${NAME} 2000`,
  ]
  await writeFile(file, lines.map((line) => `sentinel ${line}\n`).join(''))
  const sentinel = await startRedis({
    args: [file, '--sentinel'],
    folder,
    ready: /\+slave slave/,
  })
  const all = [sentinel, replica, master]
  return {
    master,
    replica,
    sentinel,
    url: `redis+sentinel://127.0.0.1:${sentinel.port}/${NAME}`,
    failOver: async () => {
      const { length } = sentinel.output
      await master.kill()
      await sentinel.shows(/\+switch-master/, length)
    },
    stop: async () => {
      for (const server of all) await server.stop()
    },
  }
}
