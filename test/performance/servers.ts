import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { packageRoot } from '../helpers/package-root.js'
import { freePort } from '../helpers/port.js'
import { findProgram } from '../helpers/program.js'
import type { ServerName } from './scenarios.js'

/** A server that runs. */
export interface Server {
  /** What `ssehub bench` has to know of it. */
  readonly args: readonly string[]
  stop(): Promise<void>
}

/** Starts a server, of which nothing is left once it is stopped. */
export type StartServer = () => Promise<Server>

export interface Settings {
  /** For what they need. */
  readonly folder: string
  /** Processes that hold the streams. */
  readonly workers: number
}

/** Events of a channel that both hubs keep. */
const HISTORY = 500

/** New connections that may wait for a server, so that a storm measures more than its default. */
const BACKLOG = 4096

/** Ms in which a server has to be up. */
const PATIENCE = 30_000

/** Those that can be run here; why another one cannot goes to standard error. */
export function serversHere(settings: Settings): Map<ServerName, StartServer> {
  const servers = new Map<ServerName, StartServer>([['ssehub', hub(settings)]])
  for (const [name, make] of [
    ['nchan', nchan],
    ['bare loop', bareLoop],
  ] as const) {
    try {
      servers.set(name, make(settings))
    } catch (error) {
      process.stderr.write(`left out: ${name} (${(error as Error).message})\n`)
    }
  }
  return servers
}

function hub({ folder, workers }: Settings): StartServer {
  return async () => {
    const port = await freePort()
    const file = join(folder, 'hub.json')
    const server = { port, 'bind-ip': '127.0.0.1', workers }
    const config = { server, default: { cacheAdapter: 'memory', cacheLength: HISTORY } }
    await writeFile(file, JSON.stringify(config))
    const args = [join(packageRoot, 'bin/run.js'), 'serve', '--config', file]
    return started(
      port,
      process.execPath,
      [...args, '--log-level', 'warn'],
      ['--url', `http://127.0.0.1:${port}`],
    )
  }
}

function nchan({ folder, workers }: Settings): StartServer {
  const module = findProgram({
    names: ['/usr/lib/nginx/modules/ngx_nchan_module.so'],
    package: 'libnginx-mod-nchan',
    variable: 'SSEHUB_TEST_NCHAN',
  })
  const nginx = findProgram({ names: ['nginx'], package: 'nginx', variable: 'SSEHUB_TEST_NGINX' })
  return async () => {
    const port = await freePort()
    const file = join(folder, 'nginx.conf')
    await writeFile(file, nginxConfig({ module, folder, port, workers }))
    const url = `http://127.0.0.1:${port}`
    return started(
      port,
      nginx,
      ['-p', folder, '-c', file, '-e', 'stderr'],
      [
        ...['--subscribe-url', `${url}/sub/{channel}`, '--publish-url', `${url}/pub/{channel}`],
        ...['--body', '{data}'],
      ],
    )
  }
}

/** One process of C that sends to all streams, one after another. */
function bareLoop({ folder }: Settings): StartServer {
  const program = join(folder, 'fan-out')
  const source = join(packageRoot, 'test/performance/fan-out.c')
  execFileSync('cc', ['-O2', '-o', program, source])
  return async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    return started(port, program, ['hub', `${port}`], ['--url', url, '--body', '{data}'])
  }
}

/** @param args of the program. @param benchArgs what the bench has to know */
async function started(
  port: number,
  program: string,
  args: readonly string[],
  benchArgs: readonly string[],
): Promise<Server> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'close')
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000)
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const end = performance.now() + PATIENCE
  while (!(await answers(port))) {
    if (child.exitCode === null && performance.now() < end) continue
    child.kill('SIGKILL')
    throw new Error(`${program} does not come up: ${complaint}`)
  }
  return {
    args: benchArgs,
    stop: async () => {
      const timer = setTimeout(kill, PATIENCE)
      child.kill('SIGTERM') // a hub and an nginx then end their workers, too
      await ended
      clearTimeout(timer)
      process.removeListener('exit', kill)
    },
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    await pause(20)
    return false
  } finally {
    socket.destroy()
  }
}

function nginxConfig(options: {
  module: string
  folder: string
  port: number
  workers: number
}): string {
  const { module, folder, port, workers } = options
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
    load_module ${module};
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off;
    pid ${folder}/nginx.pid;
    error_log stderr error;
    worker_processes ${workers};
    worker_rlimit_nofile 20000;
    events { worker_connections 19000; }
    http {
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n      ')}
      access_log off;
      keepalive_requests 1000000000;
      client_body_buffer_size 1m;
      nchan_shared_memory_size 1024m;
      server {
        listen 127.0.0.1:${port} backlog=${BACKLOG};
        location ~ ^/sub/(.+)$ {
          nchan_subscriber eventsource;
          nchan_channel_id $1;
          nchan_subscriber_first_message newest;
        }
        location ~ ^/pub/(.+)$ {
          nchan_publisher;
          nchan_channel_id $1;
          nchan_message_buffer_length ${HISTORY};
          nchan_message_timeout 1h;
        }
      }
    }
  `
}
