import { limitDescriptors, openDescriptors } from '../../helpers/process-resources.js'
import type { Random } from '../../helpers/random.js'
import type { SmallDisk } from '../../helpers/small-disk.js'
import { type Fault, networkFaults, nothing } from './fault.js'
import type { StagedHub } from './staged-hub.js'

const HOUR = 3_600_000

/** What happens to a hub, and between it and its clients. */
export function hubFaults(hub: StagedHub): Fault[] {
  const target = hub.name
  return [
    {
      name: 'hub: killed',
      target,
      begin: () => hub.end('SIGKILL'),
      end: () => hub.start(),
    },
    {
      name: 'hub: restarted (SIGTERM)',
      target,
      begin: () => hub.end('SIGTERM'),
      end: () => hub.start(),
    },
    {
      name: 'hub: stopped (SIGSTOP)',
      target,
      begin: () => hub.served.signalGroup('SIGSTOP'),
      end: () => hub.served.signalGroup('SIGCONT'),
    },
    {
      name: 'hub: no descriptors left',
      target,
      begin: () =>
        forEach(hub.pids, async (pid) => limitDescriptors(pid, await openDescriptors(pid))),
      end: () => forEach(hub.pids, (pid) => limitDescriptors(pid)),
    },
    ...[-HOUR, HOUR].map((ahead) => ({
      name: `hub: clock set ${ahead < 0 ? 'back' : 'ahead'}`,
      target,
      begin: () => hub.setClock(ahead),
      end: () => hub.setClock(0),
    })),
    ...networkFaults(hub.proxy, 'clients and hub', `clients and ${hub.name}`),
  ]
}

/** What happens to the workers of a hub. */
export function workerFaults(hub: StagedHub, random: Random): Fault[] {
  let stopped: number | undefined
  const signal = (pid: number | undefined, name: NodeJS.Signals) => {
    try {
      if (pid) process.kill(pid, name)
    } catch {
      // the hub has ended it, as it should: it did not answer
    }
  }
  return [
    {
      name: 'worker: killed',
      target: hub.name,
      begin: () => signal(random.pick(hub.served.workers), 'SIGKILL'),
      end: nothing,
    },
    {
      name: 'worker: stopped (SIGSTOP)',
      target: hub.name,
      begin: () => {
        stopped = random.pick(hub.served.workers)
        signal(stopped, 'SIGSTOP')
      },
      end: () => signal(stopped, 'SIGCONT'),
    },
  ]
}

/** What happens to the disk that a hub writes to. */
export function diskFaults(hub: StagedHub, disk: SmallDisk): Fault[] {
  const pid = () => hub.served.pid
  return [
    {
      name: 'disk: full',
      target: hub.name,
      begin: () => disk.fill(pid()),
      end: () => disk.free(pid()),
    },
  ]
}

/** Some of the processes may be no more. */
async function forEach(pids: readonly number[], act: (pid: number) => Promise<void>) {
  for (const pid of pids) await act(pid).catch(() => {})
}
